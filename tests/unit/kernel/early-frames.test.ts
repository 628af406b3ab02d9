import { expect, it } from 'vitest';
import type { FramePort, ThreadName } from '../../../src/contracts/index.ts';
import { ActorRef, ActorSystem, defineActor } from '../../../src/kernel/index.ts';
import { testSystem } from '../../support/systems.ts';

/** A port of which `early` has come before anybody listens: it is handed over in the call that begins to listen. */
function port(early: readonly Uint8Array[], post: (frame: Uint8Array) => void): FramePort {
  return {
    post,
    backlogBytes: () => 0,
    onFrame: (receive) => {
      for (const frame of early) receive(frame);
    },
    onClose: () => undefined,
    close: () => undefined,
  };
}

it('takes and answers what a peer has sent before the link is made', async () => {
  const world = testSystem();
  const { system: near, time } = world;
  const node = near.node;
  const frames: Uint8Array[] = [];
  const thread = (name: string) =>
    new ActorSystem({
      node,
      thread: name as ThreadName,
      ports: { clock: time.clock, timers: time.timers, random: near.random },
      log: near.log,
    });
  const peer = thread('t1');
  peer.remote.connect(
    near.thread,
    port([], (frame) => frames.push(new Uint8Array(frame))),
  );
  const heard: number[] = [];
  const echo = defineActor({
    kind: 'echo',
    initial: () => undefined,
    receive: { say: (_state, value: number) => heard.push(value) },
  });
  near.spawn(echo, undefined, { name: 'echo' });
  const ref = new ActorRef(node, near.thread, 'root/echo', 0);
  void peer.ask(ref, 'say', 1);
  peer.tell(ref, 'say', 2);
  await time.settle();
  expect(frames.length).toBeGreaterThan(0);

  const answers: Uint8Array[] = [];
  near.remote.connect(
    peer.thread,
    port(frames, (frame) => answers.push(new Uint8Array(frame))),
  );
  await time.settle();
  expect(heard).toEqual([1, 2]);
  expect(answers.length).toBeGreaterThan(0);
});
