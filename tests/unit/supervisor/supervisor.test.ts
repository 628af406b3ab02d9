import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ActorContext, type ActorRef, defineActor } from '../../../src/kernel/index.ts';
import {
  affectedBy,
  judgeRestart,
  type Strategy,
  type SupervisorReport,
  supervisor,
} from '../../../src/supervisor/index.ts';
import { type TestWorld, testSystem } from '../../support/systems.ts';

const fragile = (starts: string[]) =>
  defineActor({
    kind: 'fragile',
    initial: (name: string, _ctx: ActorContext) => {
      starts.push(name);
      return { name, count: 0 };
    },
    receive: {
      count: (state) => ++state.count,
      fail: () => {
        throw new Error('as asked');
      },
      leave: (_state, _none: void, ctx) => ctx.stop(),
    },
  });

interface Tree extends TestWorld {
  readonly starts: string[];
  readonly tree: ActorRef;
  readonly child: (name: string) => ActorRef;
  readonly report: () => Promise<SupervisorReport>;
}

function grow(
  strategy: Strategy,
  restart: 'permanent' | 'transient' | 'temporary' = 'permanent',
): Tree {
  const world = testSystem();
  const starts: string[] = [];
  const definition = fragile(starts);
  const children = ['a', 'b', 'c'].map((name) => ({
    name,
    restart,
    actor: { definition, args: name },
  }));
  const tree = world.system.spawn(supervisor, { strategy, children }, { name: 'tree' });
  const child = (name: string) => {
    const ref = world.system.refAt(`${tree.address}/${name}`);
    if (!ref.ok) throw new Error(name);
    return ref.value;
  };
  const report = async () => {
    const answer = world.system.ask(tree, 'report', undefined);
    await world.time.settle();
    const seen = await answer;
    if (seen.kind !== 'answered') throw new Error(seen.error.message);
    return seen.value;
  };
  return { ...world, starts, tree, child, report };
}

const often = { maxRestarts: 100, windowMs: 1_000 };

describe('restart scope', () => {
  it.each([
    ['one-for-one', ['b']],
    ['rest-for-one', ['b', 'c']],
    ['one-for-all', ['a', 'b', 'c']],
  ] as const)('%s restarts %j when b fails', async (scope, expected) => {
    const { system, time, starts, child, report } = grow({ scope, intensity: often });
    await time.settle();
    starts.length = 0;
    system.tell(child('b'), 'fail');
    await time.settle();
    expect(starts).toEqual(expected);
    expect((await report()).totalRestarts).toBe(expected.length);
  });
});

describe('children that fail at the same moment', () => {
  it.each([
    ['one-for-one', ['b', 'c']],
    ['rest-for-one', ['b', 'c']],
    ['one-for-all', ['a', 'b', 'c']],
  ] as const)('%s restarts each of %j once', async (scope, expected) => {
    const intensity = { maxRestarts: 2, windowMs: 1_000 };
    const { system, time, starts, child, report } = grow({ scope, intensity });
    await time.settle();
    starts.length = 0;
    system.tell(child('b'), 'fail');
    system.tell(child('c'), 'fail');
    await time.settle();
    expect(starts).toEqual(expected);
    expect((await report()).totalRestarts).toBe(expected.length);
    // What was not judged does not count: one more failure is within the intensity, or just beyond it.
    system.tell(child('a'), 'fail');
    await time.settle();
    const isOver = system.actorCount === 0;
    expect(isOver).toBe(scope === 'one-for-one');
  });
});

describe('directives', () => {
  it('resume keeps the state, restart makes it anew, both keep the mailbox', async () => {
    for (const [directive, after] of [
      ['resume', 2],
      ['restart', 1],
    ] as const) {
      const { system, time, child } = grow({
        scope: 'one-for-one',
        intensity: often,
        decide: () => directive,
      });
      system.tell(child('a'), 'count');
      system.tell(child('a'), 'fail');
      const count = system.ask(child('a'), 'count', undefined);
      await time.settle();
      expect(await count).toEqual({ kind: 'answered', value: after });
    }
  });

  it('stop ends the child and forgets it', async () => {
    const { system, time, child, report } = grow({
      scope: 'one-for-one',
      intensity: often,
      decide: () => 'stop',
    });
    system.tell(child('a'), 'fail');
    await time.settle();
    expect((await report()).children.map(({ name }) => name)).toEqual(['b', 'c']);
  });

  it('escalate ends the node with the reason', async () => {
    const { system, time, child } = grow({
      scope: 'one-for-one',
      intensity: often,
      decide: () => 'escalate',
    });
    system.tell(child('a'), 'fail');
    await time.settle();
    expect((await system.terminated).reason).toMatchObject({
      kind: 'failed',
      error: { code: 'ACTOR_FAILED' },
    });
  });
});

describe('a supervisor that waits for its own verdict', () => {
  /** A root that lets the test say when, over a supervisor that passes everything up. */
  function tower(verdict: 'resume' | 'restart') {
    const world = testSystem();
    const starts: string[] = [];
    const definition = fragile(starts);
    const children = ['a', 'b'].map((name) => ({ name, actor: { definition, args: name } }));
    const strategy: Strategy = {
      scope: 'one-for-one',
      intensity: { maxRestarts: 1, windowMs: 60_000 },
    };
    let waiting: (() => void) | undefined;
    const judge = defineActor({
      kind: 'judge',
      initial: (_none: undefined, ctx: ActorContext) => {
        ctx.spawn(supervisor, { strategy, children }, { name: 'tree' });
      },
      receive: { judge: () => waiting?.() },
      signals: {
        childFailed: (_state, exit, ctx) => {
          waiting = () =>
            verdict === 'resume'
              ? ctx.resumeChild(exit.child)
              : ctx.restartChild(exit.child, exit.reason);
        },
      },
    });
    const root = world.system.spawn(judge, undefined, { name: 'judge' });
    const child = (name: string) => {
      const ref = world.system.refAt(`${root.address}/tree/${name}`);
      if (!ref.ok) throw new Error(name);
      return ref.value;
    };
    const fail = async (name: string) => {
      world.system.tell(child(name), 'fail');
      await world.time.settle();
    };
    return { ...world, starts, root, child, fail };
  }

  it('restarts nobody, and judges the failures of meanwhile when it is resumed', async () => {
    const { system, time, starts, root, child, fail } = tower('resume');
    await fail('a');
    await fail('a');
    starts.length = 0;
    await fail('b');
    await time.advance(120_000);
    expect(starts).toEqual([]);
    system.tell(root, 'judge');
    await time.settle();
    expect(starts).toEqual(['b']);
    const count = system.ask(child('a'), 'count', undefined);
    await time.settle();
    expect(await count).toMatchObject({ kind: 'answered' });
  });

  it('forgets them when it is restarted: its children are new', async () => {
    const { system, time, starts, root, fail } = tower('restart');
    await fail('a');
    await fail('a');
    await fail('b');
    starts.length = 0;
    system.tell(root, 'judge');
    await time.settle();
    expect(starts).toEqual(['a', 'b']);
  });
});

describe('restart intensity', () => {
  it('escalates when a third restart falls inside the window', async () => {
    const { system, time, child } = grow({
      scope: 'one-for-one',
      intensity: { maxRestarts: 2, windowMs: 1_000 },
    });
    for (let i = 0; i < 3; i++) {
      system.tell(child('a'), 'fail');
      await time.advance(100);
    }
    expect((await system.terminated).reason).toMatchObject({
      error: { code: 'RESTART_INTENSITY_EXCEEDED' },
    });
  });

  it('goes on when failures are far enough apart', async () => {
    const { system, time, child, report } = grow({
      scope: 'one-for-one',
      intensity: { maxRestarts: 2, windowMs: 1_000 },
    });
    for (let i = 0; i < 10; i++) {
      system.tell(child('a'), 'fail');
      await time.advance(500);
    }
    expect((await report()).totalRestarts).toBe(10);
  });

  it('stops the child and goes on without it, when the strategy says so', async () => {
    const intensity = { maxRestarts: 1, windowMs: 1_000 };
    const { system, time, child, report } = grow({
      scope: 'one-for-one',
      intensity,
      whenExhausted: 'stop',
    });
    for (let i = 0; i < 2; i++) {
      system.tell(child('a'), 'fail');
      await time.settle();
    }
    expect((await report()).children.map(({ name }) => name)).toEqual(['b', 'c']);
  });

  it('judges by a window that a restart of exactly its length ago has left', () => {
    const limit = { maxRestarts: 1, windowMs: 1_000 };
    expect(judgeRestart([0], 999, limit).kind).toBe('exhausted');
    expect(judgeRestart([0], 1_000, limit)).toEqual({ kind: 'restart', recent: [1_000] });
  });

  it('never lets more restarts than allowed fall into one window', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(500), { maxLength: 60 }),
        fc.integer({ min: 1, max: 5 }),
        (gaps, maxRestarts) => {
          const limit = { maxRestarts, windowMs: 1_000 };
          const restarts: number[] = [];
          let nowMs = 0;
          let recent: readonly number[] = [];
          for (const gap of gaps) {
            nowMs += gap;
            const verdict = judgeRestart(recent, nowMs, limit);
            if (verdict.kind === 'restart') {
              recent = verdict.recent;
              restarts.push(nowMs);
            }
          }
          return restarts.every(
            (at) =>
              restarts.filter((other) => other <= at && at - other < limit.windowMs).length <=
              maxRestarts,
          );
        },
      ),
    );
  });
});

describe('restart type', () => {
  it.each([
    ['permanent', 2],
    ['transient', 1],
    ['temporary', 1],
  ] as const)(
    'a %s child that leaves normally has been started %i times',
    async (type, expected) => {
      const { system, time, starts, child } = grow(
        { scope: 'one-for-one', intensity: often },
        type,
      );
      system.tell(child('a'), 'leave');
      await time.settle();
      expect(starts.filter((name) => name === 'a')).toHaveLength(expected);
    },
  );

  it('a temporary child that fails is not started again', async () => {
    const { system, time, starts, child } = grow(
      { scope: 'one-for-one', intensity: often },
      'temporary',
    );
    system.tell(child('a'), 'fail');
    await time.settle();
    expect(starts).toEqual(['a', 'b', 'c']);
  });
});

describe('backoff', () => {
  it('waits longer before each restart of a window', async () => {
    const backoff = { minMs: 100, maxMs: 1_000, jitterRatio: 0 };
    const { system, time, starts, child } = grow({
      scope: 'one-for-one',
      intensity: { maxRestarts: 10, windowMs: 60_000 },
      backoff,
    });
    await time.settle();
    const waits: number[] = [];
    for (let i = 0; i < 5; i++) {
      starts.length = 0;
      system.tell(child('a'), 'fail');
      let waitedMs = 0;
      for (; starts.length === 0; waitedMs += 50) await time.advance(50);
      waits.push(waitedMs);
    }
    expect(waits).toEqual([100, 200, 400, 800, 1_000]);
  });
});

it('affectedBy keeps the order of the start', () => {
  expect(affectedBy('rest-for-one', ['a', 'b', 'c'], 'a')).toEqual(['a', 'b', 'c']);
  expect(affectedBy('rest-for-one', ['a', 'b', 'c'], 'c')).toEqual(['c']);
});
