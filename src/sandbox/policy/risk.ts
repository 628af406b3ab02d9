/** Tiers of risk: what is low runs, medium waits for one approval, high for two people and the leave of the release. */
export const RISKS = ['low', 'medium', 'high'] as const;
export type Risk = (typeof RISKS)[number];

export const isRisk = (text: string): text is Risk => (RISKS as readonly string[]).includes(text);

export const highestRisk = (risks: readonly Risk[]): Risk =>
  RISKS[Math.max(0, ...risks.map((risk) => RISKS.indexOf(risk)))] ?? 'low';
