/**
 * The closed table of errors. Every failure that leaves a room has one of these codes; `docs/errors.md` is generated from
 * this table. To add one: add the row, run `npm run docs`.
 *
 * A row says what happened (`describe`), whether trying again can help, how a face shows it (HTTP status, exit code) and
 * what the reader can do (`advice`). Exit codes: 1 the outcome was a failure, 2 bad usage or input, 3 cluster not reached.
 */

import { CAPABILITY_ERRORS } from './capability-errors.ts';
import {
  actorFault,
  badInput,
  deadEnd,
  denied,
  type ErrorRow,
  effect,
  type Limit,
  lost,
  type Mismatch,
  mismatch,
  missing,
  over,
  overLimit,
  row,
  runFault,
  sandboxFault,
  skillFault,
  supervision,
  undelivered,
} from './error-row.ts';
import { NODE_ERRORS } from './node-errors.ts';
import { PACKAGE_ERRORS } from './package-errors.ts';
import { POLICY_ERRORS } from './policy-errors.ts';
import { STATE_ERRORS } from './state-errors.ts';

export type { ErrorCategory, ErrorRow } from './error-row.ts';

export const ERROR_TABLE = {
  ARGUMENT_INVALID: badInput<Mismatch & { argument: string }>(
    (d) => `argument ${d.argument}: found ${d.found}, expected ${d.expected}`,
    'Correct the argument named in the message; `skein help` lists what each command takes.',
  ),
  ADDRESS_INVALID: badInput<{ address: string; expected: string }>(
    (d) => `${JSON.stringify(d.address)} is not an actor address: expected ${d.expected}`,
    'Write the address as skein://<node>/<thread>/<path>.',
  ),
  PLAN_INVALID: badInput<Mismatch>(
    mismatch,
    'Correct the plan at the place named; docs/plans.md shows every field.',
  ),
  MANIFEST_INVALID: badInput<Mismatch>(
    mismatch,
    'Correct skill.json at the place named; src/skills/hello is a package to start from.',
  ),
  FAULT_PLAN_INVALID: badInput<Mismatch>(
    mismatch,
    'Correct the fault plan at the place named; docs/simulation.md shows every field.',
  ),
  CONFIG_INVALID: badInput<Mismatch>(mismatch, 'Correct the setting at the place named.'),
  INPUT_INVALID: badInput<Mismatch & { of: string }>(
    (d) => `input of ${d.of}: ${mismatch(d)}`,
    'Compare the input with the schema that `skein describe-skill` prints.',
  ),
  MESSAGE_INVALID: badInput<{ actor: string; type: string; reason: string }>(
    (d) => `message ${d.type} to ${d.actor} is refused: ${d.reason}`,
    'Send plain values (structured data without functions) of the declared shape and size.',
  ),
  FRAME_INVALID: badInput<{ reason: string }>(
    (d) => `a frame was refused: ${d.reason}`,
    'The peer sent bytes that are no Skein frame of this wire version; compare versions with `skein status`.',
  ),
  FILE_UNREADABLE: badInput<{ file: string; reason: string }>(
    (d) => `${d.file} cannot be read: ${d.reason}`,
    'Check the path and its permissions.',
  ),
  SKILL_NOT_FOUND: missing<{ skill: string; nearest?: string }>(
    (d) => `no skill matches ${d.skill}${d.nearest ? `; did you mean ${d.nearest}?` : ''}`,
    'List what the node holds with `skein skills ls`, or name a folder that contains skill.json.',
  ),
  REGISTRY_DAMAGED: row(
    'input',
    500,
    1,
    'final',
  )<{ file: string; reason: string }>(
    (d) => `${d.file} is not the package that was registered: ${d.reason}`,
    'Delete the file and register the skill again from its folder: `skein skills add`.',
  ),
  FILE_UNWRITABLE: row(
    'input',
    500,
    1,
    'final',
  )<{ file: string; reason: string }>(
    (d) => `cannot write ${d.file}: ${d.reason}`,
    'Check that the folder exists, belongs to you and has room.',
  ),
  RUN_NOT_FOUND: missing<{ runId: string }>(
    (d) => `no run ${d.runId}`,
    'Runs live in the journal of the data directory they ran in; check --data.',
  ),
  TRACE_NOT_FOUND: missing<{ correlationId: string }>(
    (d) => `no spans of ${d.correlationId}`,
    'The span store is bounded and keeps the newest traces; run again, or export spans to a collector.',
  ),

  MAILBOX_FULL: undelivered<{ actor: string; capacity: number; policy: string }>(
    (d) => `the mailbox of ${d.actor} is full (${d.capacity} messages, policy ${d.policy})`,
    'Send less, wait for answers, or raise the mailbox capacity of the actor.',
  ),
  STASH_FULL: undelivered<{ actor: string; capacity: number }>(
    (d) => `the stash of ${d.actor} is full (${d.capacity} messages)`,
    'Unstash earlier, or refuse work while the actor waits.',
  ),
  ACTOR_NOT_FOUND: deadEnd<{ actor: string }>(
    (d) => `there is no actor at ${d.actor}`,
    'The actor stopped or was never spawned; watch it to learn of its end.',
  ),
  ACTOR_STOPPED: deadEnd<{ actor: string }>(
    (d) => `${d.actor} stopped before it received the message`,
    'Watch the actor, or let its supervisor restart it.',
  ),
  STALE_INCARNATION: deadEnd<{ actor: string; sent: number; current: number }>(
    (d) => `${d.actor} is incarnation ${d.current} now; the message was for ${d.sent}`,
    'Take the new ref from whoever spawned the actor.',
  ),
  MESSAGE_UNHANDLED: deadEnd<{ actor: string; type: string; behaviour: string }>(
    (d) => `${d.actor} has no handler for ${d.type} in behaviour ${d.behaviour}`,
    'Add the handler, or stash the message until the behaviour changes.',
  ),
  DEADLINE_EXPIRED: row(
    'delivery',
    504,
    1,
    'retryable',
  )<{ actor: string; lateMs: number }>(
    (d) =>
      `the deadline passed ${Math.round(d.lateMs)} ms before ${d.actor} took the message; it was not run`,
    'Give the ask a longer deadline, or find out why the mailbox waits.',
  ),
  ASK_TIMEOUT: lost<{ actor: string; timeoutMs: number }>(
    (d) => `${d.actor} gave no answer in ${d.timeoutMs} ms; the work may or may not have happened`,
    'Ask again only if the work is idempotent.',
  ),
  THREAD_LOST: lost<{ thread: string; reason: string }>(
    (d) => `thread ${d.thread} was lost (${d.reason}); the work may or may not have happened`,
    'The supervisor starts it again; ask again only if the work is idempotent.',
  ),
  PEER_LOST: lost<{ peer: string; reason: string }>(
    (d) => `the link to ${d.peer} is over (${d.reason}); the work may or may not have happened`,
    'The next message opens a new link; ask again only if the work is idempotent.',
  ),
  ACTOR_PRIVATE: row(
    'delivery',
    403,
    1,
    'final',
  )<{ actor: string }>(
    (d) => `${d.actor} takes no messages from other nodes`,
    'Ask the node itself, or an actor of yours on it; the node’s own parts are reached from within.',
  ),
  PEER_AWAY: undelivered<{ peer: string }>(
    (d) => `there is no way to ${d.peer} now: the bus is away, and so is every direct link`,
    'Nothing was sent. Send again when NATS is back, or let messages wait: `whileAway: park`.',
  ),
  LINK_CLOSED: undelivered<{ thread: string }>(
    (d) => `there is no link to thread ${d.thread}`,
    'The thread is starting, restarting or gone; `skein status` shows which.',
  ),
  SYSTEM_STOPPING: undelivered<{ thread: string }>(
    (d) => `the actor system on ${d.thread} is shutting down and takes no new work`,
    'Send to another node, or wait for the restart.',
  ),

  ACTOR_FAILED: actorFault<{ actor: string; type: string; reason: string }>(
    (d) => `${d.actor} failed while it handled ${d.type}: ${d.reason}`,
    'Read the log of the correlation ID; the supervisor has acted on the failure.',
  ),
  NAME_TAKEN: actorFault<{ actor: string }>(
    (d) => `${d.actor} exists already`,
    'Choose another name, or leave the name out to have one made.',
  ),
  SPAWN_FAILED: actorFault<{ actor: string; reason: string }>(
    (d) => `${d.actor} could not be started: ${d.reason}`,
    'Correct the actor or its arguments; an actor on another thread needs `module`.',
  ),

  RESTART_INTENSITY_EXCEEDED: supervision<{
    supervisor: string;
    maxRestarts: number;
    windowMs: number;
    reason: string;
  }>(
    (d) =>
      `${d.supervisor} gave up: more than ${d.maxRestarts} restarts in ${d.windowMs} ms; last reason: ${d.reason}`,
    'Repair what fails first; the report lists every failure in the window.',
  ),
  THREAD_START_FAILED: row(
    'supervision',
    500,
    1,
    'retryable',
  )<{ thread: string; reason: string }>(
    (d) => `thread ${d.thread} did not start: ${d.reason}`,
    'Check memory and the module that the thread loads.',
  ),

  SKILL_THREW: skillFault<{ skill: string; name: string; message: string; stack?: string }>(
    (d) => `${d.skill} threw ${d.name}: ${d.message}`,
    'This is the skill’s own error; its author can act on it.',
  ),
  SKILL_REFUSED: skillFault<{ skill: string; reason: string }>(
    (d) => `${d.skill} was refused when it was loaded: ${d.reason}`,
    'A skill is one ES module with a default export and no imports of host modules.',
  ),
  SKILL_NEVER_SETTLED: skillFault<{ skill: string }>(
    (d) => `${d.skill} can never settle: it waits for a promise that nothing will resolve`,
    'Await only promises of ctx, or promises that the skill resolves itself.',
  ),
  SKILL_CPU_EXCEEDED: overLimit<Limit>(
    over('cpu time'),
    'Do less in one call, or ask for more cpuMs in the manifest.',
  ),
  SKILL_WALL_EXCEEDED: row(
    'sandbox',
    504,
    1,
    'retryable',
  )<Limit>(
    over('elapsed time'),
    'Something the skill waited for was slow; retry, or ask for more wallMs in the manifest.',
  ),
  SKILL_HEAP_EXCEEDED: overLimit<Limit>(
    over('memory'),
    'Hold less at once, or ask for more memoryMiB in the manifest.',
  ),
  SKILL_INPUT_TOO_LARGE: overLimit<Limit>(
    over('the input'),
    'Send a smaller input or split it; see forEach.chunkBytes.',
  ),
  SKILL_OUTPUT_TOO_LARGE: overLimit<Limit>(
    over('the output'),
    'Return less, or ask for more outputBytes in the manifest.',
  ),
  SKILL_OUTPUT_INVALID: skillFault<{
    skill: string;
    pointer: string;
    found: string;
    expected: string;
  }>(
    (d) => `output of ${d.skill}: ${d.pointer || '/'}: found ${d.found}, expected ${d.expected}`,
    'Return plain JSON data that fits the output schema of the manifest.',
  ),
  HOST_CALLS_EXCEEDED: overLimit<Limit>(
    over('host calls'),
    'Call the host less often, or ask for more hostCalls or hostCallsPerSecond.',
  ),
  LOG_EXCEEDED: overLimit<Limit>(
    over('the log'),
    'Log less, or ask for more logBytes in the manifest.',
  ),
  SANDBOX_DIED: row(
    'sandbox',
    500,
    1,
    'retryable',
  )<{ skill: string; exit: string }>(
    (d) => `the host process of ${d.skill} died (${d.exit}); only this call was hurt`,
    'Retry; a skill that does this repeatedly is quarantined.',
  ),
  SANDBOX_UNAVAILABLE: sandboxFault<{ reason: string }>(
    (d) => `no sandbox host is available: ${d.reason}`,
    'Wait for running work to end, or allow more hosts.',
  ),
  SANDBOX_UNSUPPORTED: row(
    'sandbox',
    500,
    1,
    'final',
  )<{ reason: string }>(
    (d) => `the sandbox cannot be trusted on this machine: ${d.reason}`,
    'Install isolated-vm 7.0.1 or newer for this Node version; Skein does not run skills without it.',
  ),
  SANDBOX_LEVEL_UNREACHED: row(
    'sandbox',
    500,
    1,
    'final',
  )<{ missing: readonly string[]; layer: string; how: string }>(
    (d) =>
      `the sandbox level is strict, and this machine lacks ${d.missing.join(', ')}; for ${d.layer}: ${d.how}`,
    'Add what is missing with the command in the message, or start the node with --sandbox-level best.',
  ),
  TAPE_DIVERGED: skillFault<{ skill: string; at: number; found: string; expected: string }>(
    (d) =>
      `re-execution of ${d.skill} left its tape at effect ${d.at}: found ${d.found}, expected ${d.expected}`,
    'The skill is not deterministic: its effects differ for the same input.',
  ),

  CAPABILITY_DENIED: denied<{ capability: string; reason: string }>(
    (d) => `capability ${d.capability} is denied: ${d.reason}`,
    'The manifest must ask for it and the operator’s policy must grant it.',
  ),
  HOST_CALL_INVALID: denied<{ capability: string; reason: string }>(
    (d) => `call of ${d.capability} is refused: ${d.reason}`,
    'Pass the arguments that skein/skill declares.',
  ),
  EGRESS_REFUSED: denied<{ url: string; reason: string }>(
    (d) => `egress to ${d.url} is refused: ${d.reason}`,
    'Grant the exact host and port in the policy; private addresses need a grant of their own.',
  ),
  EGRESS_FAILED: effect<{ url: string; reason: string }>(
    (d) => `request to ${d.url} failed: ${d.reason}`,
    'The other side did not answer well; a retry may help.',
  ),
  EGRESS_TIMEOUT: effect<{ url: string; timeoutMs: number }>(
    (d) => `request to ${d.url} gave no answer in ${d.timeoutMs} ms`,
    'The other side is slow; retry, or allow a longer timeoutMs.',
  ),
  HTTP_STATUS: effect<{ url: string; status: number }>(
    (d) => `${d.url} answered with status ${d.status}`,
    'The service is not well; a retry may help.',
  ),

  STEP_SKIPPED: runFault<{ step: string; because: string }>(
    (d) => `step ${d.step} was not run because ${d.because}`,
    'Look at the step it waited for.',
  ),
  REFERENCE_UNRESOLVED: runFault<{ step: string; reference: string; reason: string }>(
    (d) => `step ${d.step}: reference ${d.reference} gives nothing: ${d.reason}`,
    'Compare the reference with the output of the step it names.',
  ),
  BUDGET_EXCEEDED: runFault<Limit & { budget: string }>(
    (d) => over(`the run’s ${d.budget}`)(d),
    'Raise the budget of the plan, or let it do less.',
  ),
  RUN_CANCELLED: runFault<{ reason: string }>(
    (d) => `the run was cancelled: ${d.reason}`,
    'Start it again.',
  ),
  VERIFICATION_DISAGREED: runFault<{ step: string; quorum: number; hashes: readonly string[] }>(
    (d) => `step ${d.step}: no ${d.quorum} executions agree; hashes ${d.hashes.join(', ')}`,
    'The skill is not deterministic, or an executor lies: compare the outputs by hash.',
  ),
  DELEGATION_REFUSED: row(
    'run',
    503,
    1,
    'retryable',
  )<{ node: string; reason: string }>(
    (d) => `node ${d.node} does not take the call: ${d.reason}`,
    'Another node is asked by itself; `skein status` shows what each holds and how full it is.',
  ),
  DELEGATION_FAILED: row(
    'run',
    503,
    1,
    'retryable',
  )<{ skill: string; reason: string }>(
    (d) => `no node does ${d.skill}: ${d.reason}`,
    'Start a node that holds the skill and has the labels of the step, or let the step run here.',
  ),
  DELEGATION_UNKNOWN: runFault<{ skill: string; node: string; reason: string }>(
    (d) =>
      `node ${d.node} was lost while it did ${d.skill}, which may be done once only: nobody knows whether it was (${d.reason})`,
    'See in the outside world whether it was done before running it again.',
  ),
  VERIFICATION_UNAVAILABLE: row(
    'run',
    503,
    1,
    'retryable',
  )<{ step: string; reason: string }>(
    (d) => `step ${d.step} could not be verified: ${d.reason}`,
    'Retry when more threads are up.',
  ),

  ...PACKAGE_ERRORS,
  ...POLICY_ERRORS,
  ...STATE_ERRORS,
  ...CAPABILITY_ERRORS,
  ...NODE_ERRORS,
} as const;

export type ErrorCode = keyof typeof ERROR_TABLE;
export type ErrorDetails = {
  [C in ErrorCode]: (typeof ERROR_TABLE)[C] extends ErrorRow<infer D> ? D : never;
};
