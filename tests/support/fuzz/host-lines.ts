/** What a host process may say in a run: valid frames of every kind, for a fuzzer to change, cut and mix. */
import type { Json } from '../../../src/contracts/index.ts';
import { CALL_NAMES, CAPABILITY_NAMES } from '../../../src/sandbox/call-table.ts';
import { encodeFrame } from '../../../src/sandbox/frame-codec.ts';
import type { Ending } from '../../../src/sandbox/index.ts';
import { mutated } from '../frame-mutations.ts';
import type { Draw } from './draw.ts';
import { hostileValue, mutatedValue, textOf } from './mutate-json.ts';

type Frame = Readonly<Record<string, unknown>>;

/** Arguments that are served, where a call takes any: without them mutations would only ever be refused. */
const VALID_ARGUMENTS: Readonly<Record<string, readonly (readonly Json[])[]>> = {
  'http.request': [
    [{ url: 'http://api.example.com/a?b=c' }],
    [{ url: 'https://api.example.com/', method: 'GET', headers: { a: 'b' }, timeoutMs: 100 }],
    [{ url: 'http://api.example.com/', method: 'POST', body: 'x', failWhenUnwell: true }],
    [{ url: 'https://api.example.com/', headers: { a: { secret: 'api', prefix: 'Bearer ' } } }],
    [{ url: 'https://api.example.com/', redirect: 'follow', hops: 2 }],
  ],
  'fs.read': [['a.txt'], ['dir/b.txt', { encoding: 'base64' }]],
  'fs.write': [
    ['a.txt', 'text'],
    ['dir/b.txt', 'aGk=', { encoding: 'base64' }],
  ],
  'fs.list': [['.'], ['dir']],
  'fs.stat': [['a.txt']],
  'fs.remove': [['a.txt']],
  'fs.mkdir': [['dir']],
  'kv.get': [['key']],
  'kv.set': [
    ['key', { n: 1 }],
    ['other', 'text'],
  ],
  'kv.delete': [['key']],
  'secret.get': [['api'], ['other']],
  'actor.tell': [['account', 'k', 'add', { n: 1 }]],
  'actor.ask': [
    ['account', 'k', 'sum'],
    ['other', 'k', 'sum', null, { timeoutMs: 10 }],
  ],
  'notify.send': [[{ channel: 'ops', subject: 'a', text: 'b' }]],
  'llm.complete': [
    [{ model: 'small', messages: [{ role: 'user', content: 'a' }], maxTokens: 10 }],
    [{ model: 'large', messages: [{ role: 'user', content: 'a' }] }],
  ],
  'random.bytes': [[16], [65_536]],
};

function callFrame(draw: Draw, seq: number): Frame {
  const name = draw.pick(CALL_NAMES);
  const way = draw.below(10);
  let args: unknown = draw.pick(VALID_ARGUMENTS[name] ?? [[]]);
  if (way < 3) args = Array.from({ length: draw.below(4) }, () => hostileValue(draw));
  else if (way < 5) args = mutatedValue(args, draw);
  return { kind: 'call', run: 1, seq, name, args: Array.isArray(args) ? args : [args] };
}

function endingFor(draw: Draw, calls: number): Ending {
  const place = { pointer: '/a', found: 'a', expected: 'b' };
  const endings: readonly Ending[] = [
    { kind: 'value', value: hostileValue(draw) as Json },
    { kind: 'value', value: { n: 1 } },
    {
      kind: 'threw',
      name: 'Error',
      message: textOf(hostileValue(draw)).slice(0, 3_000),
      stack: 'at',
    },
    { kind: 'call-failed', seq: draw.below(calls + 2) },
    {
      kind: 'call-refused',
      code: draw.pick([
        'CAPABILITY_DENIED',
        'HOST_CALL_INVALID',
        'HOST_CALLS_EXCEEDED',
        'LOG_EXCEEDED',
      ]),
      capability: draw.pick(CAPABILITY_NAMES),
      reason: draw.pick(['it was not granted', '64 calls in flight', '8 bytes of arguments']),
    },
    { kind: 'refused', reason: 'no handler' },
    { kind: 'input-invalid', ...place },
    { kind: 'output-invalid', ...place },
    { kind: 'output-too-large', unit: draw.pick(['bytes', 'levels', 'values']) },
    { kind: 'never-settled' },
    { kind: 'limit', limit: draw.pick(['cpu', 'wall', 'heap']) },
  ];
  return draw.pick(endings);
}

/** The frames of a run as an honest host with a hostile skill might say them. */
export function framesOfRun(draw: Draw): Frame[] {
  const frames: Frame[] = [];
  const calls = draw.below(6);
  for (let seq = 1; seq <= calls; seq++) {
    frames.push(callFrame(draw, seq));
    if (!draw.chance(0.2)) continue;
    const fields = draw.chance(0.5) ? { fields: hostileValue(draw) } : {};
    const message = textOf(hostileValue(draw)).slice(0, 5_000);
    frames.push({ kind: 'log', run: 1, level: draw.pick(['debug', 'error']), message, ...fields });
  }
  const figures = {
    cpuMs: draw.random.next() * 100,
    heapBytes: draw.below(1e6),
    limitTouched: false,
  };
  frames.push({ kind: 'done', run: 1, ...figures, ending: endingFor(draw, calls) });
  return frames;
}

/** The same as bytes, with what a dishonest host makes of them. */
export function bytesOfRun(frames: readonly Frame[], draw: Draw): Uint8Array[] {
  const said = frames.map((frame) => (draw.chance(0.04) ? mutatedValue(frame, draw) : frame));
  if (draw.chance(0.03)) said.splice(draw.below(said.length), 1);
  if (draw.chance(0.03)) said.splice(draw.below(said.length), 0, draw.pick(said));
  if (draw.chance(0.03)) said.reverse();
  const packets = said.map((frame) => {
    const text = textOf(frame);
    const bytes = encodeFrame(draw.chance(0.02) ? text.slice(0, draw.below(text.length)) : text);
    return draw.chance(0.04) ? mutated(bytes, encodeFrame(text), draw.random) : bytes;
  });
  if (draw.chance(0.2)) return chunks(Buffer.concat(packets), draw);
  return packets;
}

/** A pipe cuts where it likes. */
function chunks(bytes: Uint8Array, draw: Draw): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + draw.below(draw.pick([8, 200, 4_000]));
    parts.push(bytes.slice(at, at + size));
    at += size;
  }
  return parts;
}
