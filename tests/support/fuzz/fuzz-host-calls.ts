/**
 * The boundary between a host process and the node, under a host that says anything: frames, calls of every capability, logs,
 * endings, deaths. Each run has one typed end, nothing is reached without a grant, and nothing is said to a host that is over.
 */
import {
  type CapabilityGrants,
  type CorrelationId,
  DEFAULT_RESOURCES,
  ERROR_TABLE,
  type ResourceContract,
  type Result,
  type TenantId,
} from '../../../src/contracts/index.ts';
import { realTimers, simulatedTime } from '../../../src/host/index.ts';
import { HostProcess } from '../../../src/sandbox/host-process.ts';
import {
  canonicalJson,
  type EffectTape,
  grantsPolicy,
  type RunReport,
  type RunRequest,
} from '../../../src/sandbox/index.ts';
import { GRANTED } from '../capabilities.ts';
import { type PlayedHost, playedProcesses, READY } from '../sandbox-fakes.ts';
import type { Draw } from './draw.ts';
import { bytesOfRun, framesOfRun } from './host-lines.ts';
import { mutatedValue } from './mutate-json.ts';
import { type PlayedWorld, playedEffects, SECRET } from './played-effects.ts';
import { policyFor } from './played-policy.ts';
import { claim, type FuzzTarget } from './run-fuzz.ts';

const EXITS = ['cpu', 'wall', 'heap', 'native-abort', 'killed', 'protocol', 'start-failed'];
const TENANT = 'mallory' as TenantId;
const SKILL = 'fuzzed';
const MESSAGE_CHARACTERS = 10_000;
/** Turns of the event loop: after the most a file has been read on any machine; after the fewest what waits for nothing is done. */
const TURNS_MAX = 20_000;
const ANSWER_TURNS = 2;

export function fuzzHostCalls(): FuzzTarget {
  const world = playedEffects();
  const reached: Record<string, number> = {};
  let runs = 0;
  return {
    name: 'host-calls',
    one: async (draw) => {
      const frames = framesOfRun(draw);
      const grants = grantsFor(draw);
      const resources = resourcesFor(draw);
      const owner = { tenant: TENANT, skill: SKILL, run: String(++runs) };
      const first = world.worldOf(draw, grants, owner);
      const policy = policyFor(draw, grants);
      const request = {
        ...requestOf(grants, resources, first),
        ...(policy ? { policy } : {}),
      };
      const outcome = await oneRun(draw, bytesOfRun(frames, draw), request, first);
      await first.end();
      for (const word of outcome.calls) reached[word] = (reached[word] ?? 0) + 1;
      if (!outcome.tape || !draw.chance(0.15)) return outcome.word;
      // The same run from its tape, by a host that may say something else this time.
      const second = world.worldOf(draw, {}, owner);
      const replay = {
        ...requestOf(grants, resources, second),
        ...{ policy: grantsPolicy(grants), tape: outcome.tape },
      };
      const replayed = await oneRun(draw, bytesOfRun(frames, draw), replay, second);
      await second.end();
      return `replayed: ${replayed.word}`;
    },
    reached: () => reached,
    close: world.close,
  };
}

function grantsFor(draw: Draw): CapabilityGrants {
  const rows = Object.entries(GRANTED).filter(() => draw.chance(0.7));
  const grants = Object.fromEntries(rows) as CapabilityGrants;
  return grants.fs && draw.chance(0.3) ? { ...grants, fs: 'read' } : grants;
}

function resourcesFor(draw: Draw): ResourceContract {
  return {
    ...DEFAULT_RESOURCES,
    ...(draw.chance(0.2) ? { hostCalls: 1 + draw.below(4) } : {}),
    ...(draw.chance(0.1) ? { hostCallsPerSecond: 1 } : {}),
    ...(draw.chance(0.2) ? { hostCallsInFlight: 1 + draw.below(3) } : {}),
    ...(draw.chance(0.1) ? { logBytes: 1 + draw.below(200) } : {}),
    ...(draw.chance(0.1) ? { outputBytes: 10, outputDepth: 2, outputNodes: 3 } : {}),
  };
}

const requestOf = (
  grants: CapabilityGrants,
  resources: ResourceContract,
  { effects }: PlayedWorld,
): RunRequest => ({
  skill: {
    manifest: { name: SKILL, version: '1.0.0', description: 'x', input: true, output: true },
    ...{ source: 'export default () => 1;', contentHash: '0'.repeat(64) },
  },
  ...{ tenant: TENANT, input: { n: 1 }, resources, grants, effects },
  ...{ seed: 'fuzz', startWallMs: 1_700_000_000_000, attempt: 1 },
  correlationId: 'c'.repeat(32) as CorrelationId,
});

interface RunOutcome {
  readonly word: string;
  /** What became of its calls. */
  readonly calls: readonly string[];
  readonly tape?: EffectTape;
}

async function oneRun(
  draw: Draw,
  packets: readonly Uint8Array[],
  request: RunRequest,
  world: PlayedWorld,
): Promise<RunOutcome> {
  const time = simulatedTime();
  const { processes, hosts } = playedProcesses([]);
  const { clock, timers } = time;
  const spec = { file: 'node', args: [], env: {} };
  const options = { processes, clock, timers, spec, memoryClassMiB: 64, startMs: 1_000 };
  const host = new HostProcess(options);
  const [played] = hosts as [PlayedHost];
  played.say(draw.chance(0.05) ? mutatedValue(READY, draw) : READY);
  const isSilent = await Promise.race([host.ready.then(() => false), turns(2).then(() => true)]);
  if (isSilent) await time.advance(2_000);
  const ready = await host.ready;
  if (!ready.ok) return { word: `not ready: ${typed(ready)}`, calls: [] };

  let report: RunReport | undefined;
  void host
    .lease(TENANT)
    .run(request)
    .then((ended) => {
      report = ended;
    });
  const hasBegun = (): boolean => played.received.length > 0;
  // A frame before the first is the end of a host; and an engine may never answer.
  if (!draw.chance(0.03)) for (let turn = 0; turn < 3 && !hasBegun(); turn++) await turns(1);
  if (!hasBegun() && draw.chance(0.8)) await time.advance(1_100);
  for (const packet of packets) {
    played.sayBytes(packet);
    if (draw.chance(0.8)) await answered(world);
  }
  await turns(2);
  if (!report) {
    if (draw.chance(0.5))
      played.sayStderr(draw.pick(['FATAL ERROR: heap out of memory', '\0\x1b[2J']));
    if (draw.chance(0.5)) played.exit({ exitCode: draw.pick([0, 1, 139]), signal: null });
    else await time.advance(request.resources.wallMs + 1_000);
  }
  for (let turn = 0; !report && turn < TURNS_MAX; turn++) await turns(1);
  claim(report !== undefined, 'the run has no end');
  const said = played.received.length;
  // Whatever is still on its way, or said after the end, moves nothing.
  for (const packet of packets.slice(0, 2)) played.sayBytes(packet);
  await turns(3);
  claim(played.received.length === said, 'something is said to a host whose run is over');
  host.kill();
  const exit = await host.gone;
  claim(EXITS.includes(exit.kind), `an exit of the kind ${exit.kind}`);
  judge(report, played, world, request);
  const { tape } = report;
  const calls = tape.effects.map(({ name, answer }) => {
    const became = answer === undefined ? 'open' : answer.ok ? 'ok' : answer.error.code;
    return `${name} ${became}`;
  });
  return { word: report.result.ok ? 'value' : typed(report.result), calls, tape };
}

/** Until what was called is answered. */
async function answered({ pending }: PlayedWorld): Promise<void> {
  await turns(ANSWER_TURNS);
  for (let turn = 0; pending() > 0 && turn < TURNS_MAX; turn++) await turns(1);
  await turns(ANSWER_TURNS);
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++)
    await new Promise<void>((resolve) => realTimers.immediate(resolve));
}

/** @returns the code of a failure that is one of the table, and says no more than a person can read */
function typed(result: Result<unknown>): string {
  claim(!result.ok, 'no failure');
  const { code, message } = result.error;
  claim(Object.hasOwn(ERROR_TABLE, code), `a code ${code} that is in no table`);
  claim(message.length <= MESSAGE_CHARACTERS, `a message of ${message.length} characters`);
  return code;
}

const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u;

function judge(
  { result, tape, usage, exit, outputHash }: RunReport,
  { received }: PlayedHost,
  world: PlayedWorld,
  { tape: replayed }: RunRequest,
): void {
  claim(world.breaches.length === 0, world.breaches.join('; '));
  if (replayed) claim(world.lines.length === 0, 'a replay has written a line');
  for (const { message } of world.lines)
    claim(!CONTROL.test(message), `a control character in a line: ${JSON.stringify(message)}`);
  claim(exit === undefined || EXITS.includes(exit.kind), `an exit of the kind ${exit?.kind}`);
  if (result.ok) {
    canonicalJson(result.value);
    claim(outputHash?.length === 64, 'an output without a hash');
  } else
    claim(
      !CONTROL.test(result.error.message.replaceAll('\n', '')),
      'a control character in a message',
    );
  for (const amount of Object.values(usage))
    claim(Number.isFinite(amount) && amount >= 0, `a usage of ${amount}`);
  const seqs = new Set<unknown>();
  let internal = 0;
  for (const frame of received) {
    if (frame.kind !== 'answer') continue;
    claim(!seqs.has(frame.seq), `two answers for call ${String(frame.seq)}`);
    seqs.add(frame.seq);
    const isRevealed = tape.effects.some(
      ({ seq, name }) => seq === frame.seq && name === 'secret.get',
    );
    claim(isRevealed || !JSON.stringify(frame).includes(SECRET), 'an answer holds a secret');
    if (frame.ok) continue;
    const code = String(frame.code);
    claim(Object.hasOwn(ERROR_TABLE, code), `an answer with the code ${code}`);
    claim(String(frame.message).length <= MESSAGE_CHARACTERS, 'an answer with a long message');
    if (code === 'INTERNAL') internal++;
  }
  if (!replayed)
    claim(internal <= world.defects(), 'a call has failed by a defect of its capability');
  claim(
    JSON.parse(JSON.stringify(tape)).effects.length === tape.effects.length,
    'a tape is no JSON',
  );
}
