import type { ContextOf } from 'skein/skill';

export default async function hello(
  input: { name: string },
  ctx: ContextOf<'log'>,
): Promise<{ greeting: string }> {
  ctx.log.info('greeting someone', { name: input.name });
  return { greeting: `Hello, ${input.name}!` };
}
