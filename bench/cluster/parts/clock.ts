/** CLOCK_MONOTONIC in milliseconds: the same in every process of this machine. */
export const nowMs = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000;

export const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));

/** Polls; the deadline is a failure with a sentence. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  limitMs: number,
): Promise<void> {
  const endMs = nowMs() + limitMs;
  while (!(await holds())) {
    if (nowMs() > endMs) throw new Error(`waited ${limitMs} ms in vain: ${what}`);
    await sleep(20);
  }
}
