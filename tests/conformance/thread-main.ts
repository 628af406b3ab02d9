/** What runs on the threads of the suite, real and simulated: it does what it is told by control frames, and tells what it sees. */
import type { FramePort } from '../../src/contracts/index.ts';
import type { ThreadStart } from '../../src/host/index.ts';

/** Words apart by blanks, as bytes. */
export const wordsOf = (frame: Uint8Array): string[] => Buffer.from(frame).toString().split(' ');
export const frameOf = (...words: readonly (string | number)[]): Uint8Array =>
  Buffer.from(words.join(' '));

const toldInBoot = (boot: unknown): boolean =>
  typeof boot === 'object' && boot !== null && Reflect.get(boot, 'isThrowing') === true;

export default function main({ boot, ports, control, onPeer }: ThreadStart): Promise<void> {
  if (toldInBoot(boot)) throw new RangeError('thrown at the start');
  const peers = new Map<string, FramePort>();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const tell = (...words: readonly (string | number)[]) => control.post(frameOf(...words));
  onPeer((peer, port) => {
    peers.set(peer, port);
    port.onFrame((frame) => tell('from', peer, ...wordsOf(frame)));
    port.onClose(() => tell('closed', peer));
    tell('met', peer);
  });
  const deeds: Readonly<Record<string, (words: string[]) => void>> = {
    echo: (words) => tell('echo', ...words),
    /** Tells `count` numbers from one memory, which it writes over in between. */
    count: ([count]) => {
      const memory = Buffer.alloc(64);
      for (let id = 0; id < Number(count); id++) {
        const length = memory.write(`number ${id}`);
        control.post(memory.subarray(0, length));
        memory.fill(0xff);
      }
    },
    boot: () => tell('boot', JSON.stringify(boot)),
    changeBoot: () => {
      (boot as { list: number[] }).list.push(99);
      tell('changed');
    },
    timer: ([delayMs]) => {
      const startMs = ports.clock.monotonicMs();
      ports.timers.after(Number(delayMs), () => tell('timer', ports.clock.monotonicMs() - startMs));
    },
    to: ([peer = '', ...words]) => peers.get(peer)?.post(frameOf(...words)),
    hangUp: ([peer = '']) => peers.get(peer)?.close(),
    finish: () => resolve(),
    fail: ([message]) => reject(new RangeError(message)),
    failOddly: () => reject('no error at all'),
  };
  tell('started');
  control.onFrame((frame) => {
    const [deed = '', ...words] = wordsOf(frame);
    deeds[deed]?.(words);
  });
  return promise;
}
