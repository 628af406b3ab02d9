/**
 * The workspaces of a node: a folder for each run that uses files, made at its first call and removed when the run ends, after an hour
 * without use (the end of a run of another node is not heard here), or with all others when the node starts. The steps of a run share
 * it; what they do in it is done in order.
 */
import { hash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Clock,
  failure,
  type Json,
  LIMITS,
  type Random,
  type Result,
  success,
  type TenantId,
} from '../../contracts/index.ts';
import { resultOf } from './file-errors.ts';
import type { FileRequest } from './file-request.ts';
import { type Admit, PathJail } from './path-jail.ts';
import { removeTree } from './remove-tree.ts';
import { serveFile } from './serve-file.ts';

export interface WorkspaceQuota {
  /** Of all files together; default LIMITS.workspaceBytes. */
  readonly bytes: number;
  /** Files and folders; default LIMITS.workspaceFiles. */
  readonly files: number;
}

export interface WorkspaceOwner {
  readonly tenant: TenantId;
  readonly run: string;
}

export interface WorkspacesOptions {
  /** Of this node alone. Made when first used, with mode 0700. */
  readonly folder: string;
  readonly quota: WorkspaceQuota;
  readonly ports: { readonly clock: Pick<Clock, 'monotonicMs'>; readonly random: Random };
}

interface Workspace {
  readonly tenant: TenantId;
  readonly folder: string;
  readonly opened: Promise<Result<PathJail>>;
  readonly used: { bytes: number; files: number };
  last: Promise<unknown>;
  usedAtMs: number;
}

const OWNER_ONLY = 0o700;

export class Workspaces {
  readonly #options: WorkspacesOptions;
  readonly #byOwner = new Map<string, Workspace>();
  #made: Promise<Result<unknown>> | undefined;

  constructor(options: WorkspacesOptions) {
    this.#options = options;
  }

  /** Removes what an earlier life of the node has left. */
  prepare(): Promise<Result<void>> {
    return resultOf('.', () => removeTree(this.#options.folder));
  }

  /** Failures: OVERLOADED (LIMITS.workspaces are in use, or half of them by the tenant), WORKSPACE_FULL and those of the jail. */
  async serve(owner: WorkspaceOwner, request: FileRequest): Promise<Result<Json>> {
    const workspace = this.#workspaceOf(owner);
    if (!workspace) {
      return failure('OVERLOADED', { reason: `${this.#byOwner.size} workspaces are in use` });
    }
    const served = workspace.last.then(async () => {
      const jail = await workspace.opened;
      return jail.ok ? serveFile(jail.value, request, this.#admitTo(workspace)) : jail;
    });
    workspace.last = served.catch(() => undefined);
    return served;
  }

  /** Removes the workspace of a run, if it has one. */
  async end(owner: WorkspaceOwner): Promise<void> {
    const key = keyOf(owner);
    const workspace = this.#byOwner.get(key);
    this.#byOwner.delete(key);
    if (workspace) await remove(workspace);
  }

  async endIdle(): Promise<void> {
    const oldestMs = this.#options.ports.clock.monotonicMs() - LIMITS.workspaceIdleMs;
    const idle = [...this.#byOwner].filter(([, { usedAtMs }]) => usedAtMs < oldestMs);
    for (const [key] of idle) this.#byOwner.delete(key);
    await Promise.all(idle.map(([, workspace]) => remove(workspace)));
  }

  get count(): number {
    return this.#byOwner.size;
  }

  /** Removes them all, and the folder. */
  async close(): Promise<void> {
    const all = [...this.#byOwner.values()];
    this.#byOwner.clear();
    await Promise.all(all.map(remove));
    await resultOf('.', () => removeTree(this.#options.folder));
  }

  #workspaceOf(owner: WorkspaceOwner): Workspace | undefined {
    const { clock } = this.#options.ports;
    const key = keyOf(owner);
    const known = this.#byOwner.get(key);
    if (known) {
      known.usedAtMs = clock.monotonicMs();
      return known;
    }
    if (this.#byOwner.size >= LIMITS.workspaces || this.#hasShare(owner)) return undefined;
    // A name of the node's own: no tenant, run or skill has a say in it.
    const folder = join(this.#options.folder, hash('sha256', key).slice(0, 32));
    const workspace: Workspace = {
      tenant: owner.tenant,
      folder,
      opened: this.#open(folder),
      used: { bytes: 0, files: 0 },
      last: Promise.resolve(),
      usedAtMs: clock.monotonicMs(),
    };
    this.#byOwner.set(key, workspace);
    return workspace;
  }

  /** Whether a tenant has all that it may have: what is left is for others. */
  #hasShare({ tenant }: WorkspaceOwner): boolean {
    const own = [...this.#byOwner.values()].filter((each) => each.tenant === tenant);
    return own.length >= LIMITS.workspaces / 2;
  }

  async #open(folder: string): Promise<Result<PathJail>> {
    this.#made ??= resultOf('.', async () => {
      await mkdir(this.#options.folder, { recursive: true, mode: OWNER_ONLY });
    });
    const made = await this.#made;
    if (!made.ok) return made;
    const own = await resultOf('.', () => mkdir(folder, { mode: OWNER_ONLY }));
    return own.ok ? PathJail.open(folder, { random: this.#options.ports.random }) : own;
  }

  #admitTo({ used }: Workspace): Admit {
    const { quota } = this.#options;
    return ({ bytes, files }) => {
      if (bytes > 0 && used.bytes + bytes > quota.bytes) {
        return failure('WORKSPACE_FULL', { limit: quota.bytes, unit: 'bytes' });
      }
      if (files > 0 && used.files + files > quota.files) {
        return failure('WORKSPACE_FULL', { limit: quota.files, unit: 'files and folders' });
      }
      used.bytes += bytes;
      used.files += files;
      return success(undefined);
    };
  }
}

const keyOf = ({ tenant, run }: WorkspaceOwner): string => JSON.stringify([tenant, run]);

async function remove({ opened, last, folder }: Workspace): Promise<void> {
  await last;
  const jail = await opened;
  if (jail.ok) await jail.value.close();
  // What cannot be removed now is when the node starts again.
  await resultOf('.', () => removeTree(folder));
}
