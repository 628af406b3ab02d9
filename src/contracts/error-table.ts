/**
 * The closed table of errors. Every failure that leaves a room has one of these codes; `docs/errors.md` is generated from
 * this table. To add one: add the row, run `npm run docs`.
 *
 * A row says what happened (`describe`), whether trying again can help, how a face shows it (HTTP status, exit code) and
 * what the reader can do (`advice`). Exit codes: 1 the outcome was a failure, 2 bad usage or input, 3 cluster not reached.
 */
export type ErrorCategory =
  | 'input'
  | 'delivery'
  | 'actor'
  | 'supervision'
  | 'sandbox'
  | 'capability'
  | 'run'
  | 'journal'
  | 'node';

export interface ErrorRow<D> {
  readonly category: ErrorCategory;
  readonly retryable: boolean;
  readonly httpStatus: number;
  readonly exitCode: 1 | 2 | 3;
  readonly describe: (details: D) => string;
  readonly advice: string;
}

type Place = { readonly file?: string; readonly line?: number; readonly pointer?: string };

const row =
  (
    category: ErrorCategory,
    httpStatus: number,
    exitCode: 1 | 2 | 3,
    retry: 'final' | 'retryable',
  ) =>
  <D>(describe: (details: D) => string, advice: string): ErrorRow<D> => ({
    category,
    retryable: retry === 'retryable',
    httpStatus,
    exitCode,
    describe,
    advice,
  });

const badInput = row('input', 400, 2, 'final');
const missing = row('input', 404, 2, 'final');
const undelivered = row('delivery', 503, 1, 'retryable');
const lost = row('delivery', 504, 1, 'retryable');
const deadEnd = row('delivery', 404, 1, 'final');
const actorFault = row('actor', 500, 1, 'final');
const supervision = row('supervision', 500, 1, 'final');
const skillFault = row('sandbox', 422, 1, 'final');
const overLimit = row('sandbox', 422, 1, 'final');
const sandboxFault = row('sandbox', 503, 1, 'retryable');
const denied = row('capability', 403, 1, 'final');
const effect = row('capability', 502, 1, 'retryable');
const runFault = row('run', 422, 1, 'final');
const journal = row('journal', 500, 1, 'final');
const outrun = row('journal', 409, 1, 'final');
const nodeAway = row('node', 503, 3, 'retryable');
const cannotStart = row('node', 500, 2, 'final');

const at = ({ file, line, pointer }: Place): string => {
  const where = [file, line === undefined ? undefined : `line ${line}`, pointer].filter(
    (part) => part !== undefined,
  );
  return where.length === 0 ? '' : `${where.join(', ')}: `;
};
type Mismatch = Place & { readonly found: string; readonly expected: string };
const mismatch = (details: Mismatch): string =>
  `${at(details)}found ${details.found}, expected ${details.expected}`;
type Limit = { readonly limit: number; readonly unit: string; readonly used?: number };
const over = (what: string) => (details: Limit) =>
  `${what} went over its limit of ${details.limit} ${details.unit}${details.used === undefined ? '' : ` (used ${details.used})`}`;

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
    'Call the host less often, or ask for more hostCalls.',
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
  VERIFICATION_UNAVAILABLE: row(
    'run',
    503,
    1,
    'retryable',
  )<{ step: string; reason: string }>(
    (d) => `step ${d.step} could not be verified: ${d.reason}`,
    'Retry when more threads are up.',
  ),

  JOURNAL_CORRUPT: journal<{ file: string; sequence: number; reason: string }>(
    (d) => `${d.file}: the journal is damaged at sequence ${d.sequence}: ${d.reason}`,
    'Nothing from that sequence on is trusted. `skein up --recover-journal` sets the damaged file aside and keeps what came before.',
  ),
  JOURNAL_UNAVAILABLE: row(
    'journal',
    503,
    1,
    'retryable',
  )<{ reason: string }>(
    (d) => `the journal cannot write: ${d.reason}`,
    'Check the disk of the data directory.',
  ),
  JOURNAL_CONFLICT: outrun<{ stream: string; expected: number; current: number }>(
    (d) => `${d.stream} is at sequence ${d.current}, the writer expected ${d.expected}`,
    'Another writer was first: read again and decide anew.',
  ),
  STATE_UNAVAILABLE: row(
    'journal',
    503,
    3,
    'retryable',
  )<{ operation: string; key: string; reason: string; mayHaveHappened: boolean }>(
    (d) =>
      `${d.operation} of ${d.key}: the shared state did not answer (${d.reason}); ${d.mayHaveHappened ? 'the write may or may not have happened' : 'nothing was written'}`,
    'See that nats-server runs with JetStream; when the write may have happened, read the key before writing again.',
  ),
  LEASE_HELD: outrun<{ key: string; reason: string }>(
    (d) => `the lease on ${d.key} is not to be had: ${d.reason}`,
    'Ask the owner, or wait until its lease runs out.',
  ),
  LEASE_LOST: outrun<{ key: string; reason: string }>(
    (d) => `the lease on ${d.key} is lost: ${d.reason}`,
    'Stop acting for that key; whoever owns it now goes on.',
  ),
  TOKEN_STALE: outrun<{ resource: string; token: number; highest: number }>(
    (d) => `${d.resource} has seen token ${d.highest} and refuses ${d.token}`,
    'The writer is no longer the owner: stop it; the new owner writes again.',
  ),

  NODE_UNREACHABLE: nodeAway<{ endpoint: string; reason: string }>(
    (d) => `no node answers at ${d.endpoint}: ${d.reason}`,
    'Start one with `skein up`, or point --data at the data directory of a running node.',
  ),
  NODE_RUNNING: row(
    'node',
    409,
    2,
    'final',
  )<{ dataDir: string; pid: number }>(
    (d) => `a node with process ID ${d.pid} already uses ${d.dataDir}`,
    'Use that node, stop it, or choose another --data directory.',
  ),
  NODE_KEY_UNUSABLE: cannotStart<{ file: string; reason: string }>(
    (d) => `the node's key in ${d.file} cannot be used: ${d.reason}`,
    'Let its owner alone read it (chmod 600). A damaged one comes back from a backup; without one move it away, and the node gets a new key and with it a new ID.',
  ),
  PORT_UNAVAILABLE: cannotStart<{ host: string; port: number; reason: string }>(
    (d) => `cannot listen on ${d.host}:${d.port}: ${d.reason}`,
    'Choose another port, 0 for any free one, or stop what listens there.',
  ),
  PROGRAM_MISSING: cannotStart<{ program: string; package: string; reason: string }>(
    (d) =>
      `${d.program} is not on PATH and could not be fetched (${d.reason}); install it: apt-get install ${d.package}`,
    'Install the program with the command in the message, or name one that runs elsewhere.',
  ),
  NATS_FAILED: nodeAway<{ reason: string }>(
    (d) => `NATS cannot be used: ${d.reason}`,
    'See that nats-server runs and that URL, credentials and max_payload are right.',
  ),
  OVERLOADED: row(
    'node',
    429,
    1,
    'retryable',
  )<{ reason: string }>(
    (d) => `the node takes no more work now: ${d.reason}`,
    'Wait and try again.',
  ),
  INTERNAL: row(
    'node',
    500,
    1,
    'final',
  )<{ reason: string }>(
    (d) => `a defect of Skein: ${d.reason}`,
    'Please report it with the correlation ID.',
  ),
} as const;

export type ErrorCode = keyof typeof ERROR_TABLE;
export type ErrorDetails = {
  [C in ErrorCode]: (typeof ERROR_TABLE)[C] extends ErrorRow<infer D> ? D : never;
};
