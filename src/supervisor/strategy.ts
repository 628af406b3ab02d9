/** What a supervisor does about a failure: which directive for which reason, and which children it touches. */
import type { Directive, ExitReason } from '../contracts/index.ts';
import type { Backoff } from '../transport/index.ts';
import type { RestartIntensity } from './restart-intensity.ts';

/** Which children a restart takes along: none, all, or those that were started after the failed one. */
export type RestartScope = 'one-for-one' | 'one-for-all' | 'rest-for-one';

export interface Strategy {
  readonly scope: RestartScope;
  readonly intensity: RestartIntensity;
  /** The directive for a reason. Default: restart, whatever it was. */
  readonly decide?: (reason: ExitReason) => Directive;
  /** Delays before the restarts of one window. Default: none. */
  readonly backoff?: Backoff;
  /** When the intensity is exceeded: pass the failure up, or stop the child and go on without it. Default: escalate. */
  readonly whenExhausted?: 'escalate' | 'stop';
}

export const DEFAULT_STRATEGY: Strategy = {
  scope: 'one-for-one',
  intensity: { maxRestarts: 3, windowMs: 5_000 },
};

/** Names of the children that a restart of `failed` touches, in the order of their start. */
export function affectedBy(
  scope: RestartScope,
  namesInStartOrder: readonly string[],
  failed: string,
): readonly string[] {
  switch (scope) {
    case 'one-for-one':
      return [failed];
    case 'one-for-all':
      return namesInStartOrder;
    case 'rest-for-one':
      return namesInStartOrder.slice(namesInStartOrder.indexOf(failed));
  }
}
