/** Whether a node can take work now; if not, why. Pure. */

export interface ReadinessFacts {
  readonly work: 'ready' | 'draining' | 'drained';
  /** Threads that are linked, of those that there should be. */
  readonly threads: { readonly wanted: number; readonly linked: number };
  /** Null for a node by itself. */
  readonly isConnected: boolean | null;
  /** The order under which the node as a whole is halted. */
  readonly haltedBy?: string | undefined;
}

export interface Readiness {
  readonly isReady: boolean;
  /** Empty when it is. */
  readonly reasons: readonly string[];
}

/**
 * A node without NATS still does what needs no other node, but says that it is not ready: whoever has a choice should ask another.
 */
export function judgeReadiness(facts: ReadinessFacts): Readiness {
  const { work, threads, isConnected, haltedBy } = facts;
  const reasons: string[] = [];
  if (haltedBy !== undefined) reasons.push(`it is halted by order ${haltedBy}`);
  if (work !== 'ready') reasons.push(work === 'draining' ? 'it drains' : 'it is drained');
  const missing = threads.wanted - threads.linked;
  if (missing > 0) reasons.push(`${missing} of ${threads.wanted} threads are away`);
  if (isConnected === false) reasons.push('NATS is away');
  return { isReady: reasons.length === 0, reasons };
}
