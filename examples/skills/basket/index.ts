import type { ContextOf, SkillActor } from 'skein/skill';

interface Basket {
  items: Record<string, number>;
}
type Messages = {
  add: { input: { item: string; count: number }; output: number };
  list: { input: null; output: Record<string, number> };
};

const WEEK_MS = 7 * 86_400_000;

export const actor: SkillActor<Basket, Messages, ContextOf<'log'>> = {
  initial: () => ({ items: {} }),
  receive: {
    add(basket, { item, count }, ctx) {
      basket.items[item] = (basket.items[item] ?? 0) + count;
      ctx.remind('forget', { afterMs: WEEK_MS });
      return Object.values(basket.items).reduce((sum, each) => sum + each, 0);
    },
    list: ({ items }) => items,
  },
  reminders: {
    forget: (_basket, _fired, ctx) => ctx.erase(),
  },
};
