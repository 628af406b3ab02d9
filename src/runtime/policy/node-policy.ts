/**
 * The policy of a node: read at its start and whenever the file changes. A file that is broken at the start denies everything; one that
 * is broken by an edit is refused, and the last good one stays in force until the node is started again.
 */
import { dirname, join } from 'node:path';
import type { Meter } from '@opentelemetry/api';
import {
  approvalActor,
  auditActor,
  type PolicyKind,
  type PolicyRefs,
  policyActor,
  type SkillPoolArgs,
} from '../../actors/index.ts';
import type { Journal, Json, SkeinError, TimerHandle } from '../../contracts/index.ts';
import type { ActorSystem, RefOf } from '../../kernel/index.ts';
import type { ApprovalEvent, NamedPolicy } from '../../sandbox/index.ts';
import { countDenials } from '../node-metrics.ts';
import type { NodeOptions } from '../node-options.ts';
import { approvalTerms } from './approvers-file.ts';
import { approvalsOf, type NodeApprovals } from './node-approvals.ts';
import { fileStamp, POLICY_FILE, readPolicyFile } from './policy-file.ts';

export interface NodePolicyOptions {
  /** The operator's file; default `policy.cedar` in the data directory, when there is one. */
  readonly file: string | undefined;
  readonly dataDir: string | 'memory';
  readonly journal: Journal;
  readonly onDenied: (count: number, code: string) => void;
}

export interface PolicyStatus {
  /** What decides: the operator's file, the grants of each run, or nothing, which denies. */
  readonly decidedBy: PolicyKind['kind'];
  readonly file: string | null;
  readonly hash: string | null;
  readonly policies: number;
  /** Why the file as it is now is not in force. */
  readonly problem: string | null;
  readonly denials: number;
}

export interface PolicyView extends PolicyStatus {
  readonly list: readonly Omit<NamedPolicy, 'text'>[];
  readonly text: string;
}

const LOOK_EVERY_MS = 1_000;
/** A file that changed is read when it has not changed any more for so long. */
const SETTLE_MS = 200;

export class NodePolicy {
  readonly refs: PolicyRefs;
  readonly approvals: NodeApprovals;
  readonly #system: ActorSystem;
  readonly #options: NodePolicyOptions;
  readonly #file: string | undefined;
  readonly #policy: RefOf<typeof policyActor>;
  readonly #audit: RefOf<typeof auditActor>;
  #loaded: PolicyKind = { kind: 'denied', reason: 'the policy has not been read yet' };
  #generation = 1;
  #stamp: string | undefined;
  /** At the last look: what is still being written is not read. */
  #seen: string | undefined;
  #problem: string | undefined;
  #denials = 0;
  #isAuditing = true;
  #timer: TimerHandle | undefined;
  #isClosed = false;

  /** Denies everything until `begin`. */
  constructor(system: ActorSystem, options: NodePolicyOptions) {
    this.#system = system;
    this.#options = options;
    this.#file = fileOf(options);
    this.#policy = system.spawn(policyActor, this.#loaded, { name: 'policy' });
    const onDenied = (count: number, code: string): void => {
      this.#denials += count;
      options.onDenied(count, code);
    };
    const onWritten = (isWritten: boolean): void => this.#auditing(isWritten);
    const { journal } = options;
    this.#audit = system.spawn(auditActor, { journal, onDenied, onWritten }, { name: 'audit' });
    const parts = {
      node: system.node,
      journal,
      terms: approvalTerms(this.#file === undefined ? undefined : dirname(this.#file)),
      nowMs: () => Math.floor(system.clock.wallMs()),
      onEvent: (event: ApprovalEvent) => this.#tell(event.type, auditedOf(event)),
    };
    const approvals = system.spawn(approvalActor, parts, { name: 'approvals' });
    this.refs = { policy: this.#policy, audit: this.#audit, approvals };
    this.approvals = approvalsOf(system, approvals);
  }

  /** Reads the file. Never fails: with one that cannot be read everything is denied. */
  async begin(): Promise<void> {
    const file = this.#file;
    this.#stamp = file === undefined ? undefined : await fileStamp(file);
    this.#seen = this.#stamp;
    const isWanted = this.#stamp !== undefined || this.#options.file !== undefined;
    if (file === undefined || !isWanted) await this.#install({ kind: 'grants' });
    else await this.#read(file);
    this.#lookLater();
  }

  /** What the pool of skills is told. */
  get poolArgs(): Pick<SkillPoolArgs, 'policy' | 'policyGeneration'> {
    return { policy: this.refs, policyGeneration: () => this.#generation };
  }

  /** Of the policy that a call is sent under. */
  get generation(): number {
    return this.#generation;
  }

  /** The operator's file decides: who brings no grants is held to it alone. */
  get hasFile(): boolean {
    return this.#loaded.kind === 'file';
  }

  get file(): string | undefined {
    return this.#file;
  }

  get inForce(): PolicyKind {
    return this.#isAuditing
      ? this.#loaded
      : { kind: 'denied', reason: 'the audit log cannot be written' };
  }

  get status(): PolicyStatus {
    const source = this.#loaded.kind === 'file' ? this.#loaded.set : undefined;
    return {
      decidedBy: this.inForce.kind,
      file: this.#loaded.kind === 'grants' ? null : (this.#file ?? null),
      hash: source?.hash ?? null,
      policies: source?.policies.filter(({ line }) => line !== undefined).length ?? 0,
      problem: this.#problem ?? null,
      denials: this.#denials,
    };
  }

  get view(): PolicyView {
    const policies = this.#loaded.kind === 'file' ? this.#loaded.set.policies : [];
    const list = policies.map(({ text: _, ...rest }) => rest);
    return { ...this.status, list, text: policies.map(({ text }) => text).join('\n') };
  }

  /** Looks at the file. What is the same as at the look before is read, and in force when this settles. */
  async look(): Promise<void> {
    const file = this.#file;
    if (file === undefined) return;
    const stamp = await fileStamp(file);
    const isSettled = stamp === this.#seen;
    this.#seen = stamp;
    if (stamp === this.#stamp || !isSettled) return;
    this.#stamp = stamp;
    await this.#read(file);
  }

  async #read(file: string): Promise<void> {
    const read = await readPolicyFile(file);
    if (!read.ok) return this.#refuse(read.error);
    this.#problem = undefined;
    if (this.#loaded.kind === 'file' && this.#loaded.set.hash === read.value.hash) return;
    await this.#install({ kind: 'file', set: read.value });
    const { hash, policies } = this.status;
    this.#system.log.info('policy loaded', { file, hash, policies });
    this.#tell('policy.loaded', { file, hash, policies });
  }

  /** In one go: whatever is sent under the new generation finds it. */
  async #install(next: PolicyKind): Promise<void> {
    this.#loaded = next;
    this.#generation++;
    await this.#system.ask(this.#policy, 'install', this.inForce);
  }

  /** No record, no effect: while the log cannot be written nothing is permitted. */
  #auditing(isWritten: boolean): void {
    if (isWritten !== this.#isAuditing) {
      this.#isAuditing = isWritten;
      void this.#install(this.#loaded);
    }
    if (!isWritten && !this.#isClosed)
      this.#system.timers.after(LOOK_EVERY_MS, () => this.#tell('audit.resumed', null));
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  #lookLater(): void {
    if (this.#file === undefined || this.#isClosed) return;
    const delayMs = this.#seen === this.#stamp ? LOOK_EVERY_MS : SETTLE_MS;
    this.#timer = this.#system.timers.after(delayMs, () => {
      void this.look().finally(() => this.#lookLater());
    });
  }

  #refuse(error: SkeinError): void {
    const { message } = error;
    this.#problem = message;
    const isDenied = this.#loaded.kind === 'denied';
    const what = isDenied ? 'everything is denied' : 'the policy from before stays in force';
    this.#system.log.error(`policy refused: ${what}`, { error: message });
    this.#tell('policy.refused', { file: this.#file ?? '', reason: message, what });
    if (isDenied) void this.#install({ kind: 'denied', reason: `there is no policy: ${message}` });
  }

  #tell(type: string, body: Json): void {
    this.#system.tell(this.#audit, 'event', { type, body });
  }
}

/** Arguments are with the approval; the log has their hash. */
function auditedOf({ type, body }: ApprovalEvent): Json {
  if (type !== 'approval.requested') return body as unknown as Json;
  const { args: _, request, ...facts } = body;
  const { principal, resource } = request;
  return { ...facts, principal: { ...principal }, resource: { ...resource } };
}

/** Of a node with these options. */
export const openNodePolicy = (
  system: ActorSystem,
  { policyFile: file, dataDir }: Pick<NodeOptions, 'policyFile' | 'dataDir'>,
  journal: Journal,
  meter: Meter | undefined,
): NodePolicy => {
  const onDenied = meter ? countDenials(meter) : () => undefined;
  return new NodePolicy(system, { file, dataDir, journal, onDenied });
};

const fileOf = ({ file, dataDir }: NodePolicyOptions): string | undefined =>
  file ?? (dataDir === 'memory' ? undefined : join(dataDir, POLICY_FILE));
