/**
 * Does it matter how many actors take part? 500 tokens go round through all of them, each actor hands each token on to the next;
 * a run goes on until every actor has had its turn.
 *
 *     node bench/scale/actors.ts
 */
import { contest, seriesOf } from '../harness/contest.ts';
import { countTo, rate } from '../harness/measure.ts';
import type { Measured } from '../harness/statistics.ts';
import { RUNTIMES } from '../runtimes/index.ts';
import type { Ref, Runtime } from '../runtimes/runtime.ts';

const TOKENS = 500;

async function through(actors: number): Promise<Measured> {
  const runtime: Runtime = await RUNTIMES.Skein();
  let left = 0;
  let done = (_found: number): void => undefined;
  let handed = 0;
  const member = runtime.define({
    kind: 'member',
    initial: (place: { next: Ref | undefined }) => place,
    receive: ({ next }, token: number, self) => {
      handed++;
      if (left-- > TOKENS) runtime.tell(self, next as Ref, token);
      else if (left === 0) done(handed);
    },
  });
  const places = Array.from({ length: actors }, () => ({ next: undefined as Ref | undefined }));
  const refs: Ref[] = [];
  for (const place of places) refs.push(await runtime.spawn(member, place));
  for (const [at, place] of places.entries()) place.next = refs[(at + 1) % actors];
  const run = async (n: number): Promise<void> => {
    const { counted, done: found } = countTo(n);
    done = found;
    left = n;
    handed = 0;
    for (let token = 0; token < TOKENS; token++) {
      runtime.send(refs[Math.floor((token * actors) / TOKENS) % actors] as Ref, token);
    }
    await counted;
  };
  return rate(run, { step: Math.max(TOKENS, actors), scale: 1e6 });
}

await contest(import.meta.filename, [
  seriesOf({
    metric: 'by actors in one thread',
    unit: 'M messages/s',
    points: [1, 10, 100, 1e3, 1e4, 1e5, 1e6],
    measure: through,
  }),
]);
