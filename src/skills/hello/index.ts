import type { SkillContext } from 'skein/skill';

export default async function hello(
  input: { name: string },
  ctx: SkillContext,
): Promise<{ greeting: string }> {
  ctx.log.info('greeting someone', { name: input.name });
  return { greeting: `Hello, ${input.name}!` };
}
