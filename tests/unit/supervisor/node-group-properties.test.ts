import fc from 'fast-check';
import { expect, it } from 'vitest';
import { lineOf, readToNode, type ToNode } from '../../../src/supervisor/index.ts';
import { type Manner, simulatedGroup } from '../../support/simulated-group.ts';

const NAMES = ['n1', 'n2', 'n3'];
const name = fc.constantFrom(...NAMES);
const manner: fc.Arbitrary<Manner> = fc.constantFrom(
  {},
  { exitCode: 1 },
  { exitCode: 2 },
  { isMute: true },
  { isAlone: true },
  { stuckRuns: 1 },
  { noise: 'no message\n' },
);
const event = fc.oneof(
  fc.record({ kind: fc.constant('kill' as const), name }),
  fc.record({ kind: fc.constant('behave' as const), name, manner }),
  fc.record({ kind: fc.constant('drain' as const), name }),
  fc.record({ kind: fc.constant('resume' as const), name }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 8_000 }) }),
);

const WITHOUT_PROCESS = ['waiting', 'stopped', 'failed'];

it('whatever happens, a node has one process or a reason to have none, and all that were not given up end ready', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 20 }), async (events) => {
      const world = simulatedGroup(NAMES, { startMs: 3_000 });
      for (const each of events) {
        if (each.kind === 'kill') world.kill(each.name);
        else if (each.kind === 'behave') world.manners[each.name] = each.manner;
        else if (each.kind === 'drain') void world.group.drain(each.name, 1_000);
        else if (each.kind === 'resume') world.group.resume(each.name);
        await world.time.advance(each.kind === 'wait' ? each.ms : 10);
        const nodes = world.group.nodes();
        for (const { state, pid } of nodes)
          expect({ state, hasProcess: pid !== null }).toEqual({
            state,
            hasProcess: !WITHOUT_PROCESS.includes(state),
          });
        expect(world.processes.alive().length).toBeLessThanOrEqual(nodes.length);
      }
      for (const each of NAMES) world.manners[each] = {};
      for (const each of NAMES) world.kill(each);
      await world.time.advance(120_000);
      for (const { state, error } of world.group.nodes())
        expect({ state, isTold: error !== null }).toEqual(
          state === 'failed' ? { state, isTold: true } : { state: 'ready', isTold: false },
        );
      await world.settled(world.group.stop());
      expect(world.processes.alive()).toEqual([]);
    }),
    { numRuns: 100 },
  );
});

const message: fc.Arbitrary<ToNode> = fc.oneof(
  fc.constant({ kind: 'stop' } as const),
  fc.constant({ kind: 'resume' } as const),
  fc.record({ kind: fc.constant('drain' as const), timeoutMs: fc.nat() }),
);

it('lines are the same messages however their bytes are cut', () => {
  fc.assert(
    fc.property(fc.array(message), fc.array(fc.integer({ min: 1, max: 40 })), (messages, cuts) => {
      const bytes = Buffer.concat(messages.map(lineOf));
      const seen: ToNode[] = [];
      const read = readToNode((each) => seen.push(each));
      let at = 0;
      for (const size of [...cuts, bytes.length]) {
        expect(read(bytes.subarray(at, at + size))).toBe(true);
        at += size;
      }
      expect(seen).toEqual(messages);
    }),
  );
});
