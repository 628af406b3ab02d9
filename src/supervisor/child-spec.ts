/** What a supervisor needs to know to start a child, and to start it again. */
import type { ThreadName } from '../contracts/index.ts';
import type { ActorModule, AnyDefinition } from '../kernel/index.ts';

/**
 * When a child that ended is started again: `permanent` always, `transient` only after a failure, `temporary` never.
 */
export type RestartType = 'permanent' | 'transient' | 'temporary';

export interface ChildSpec {
  readonly name: string;
  readonly actor:
    | { readonly definition: AnyDefinition; readonly args?: unknown }
    | {
        readonly module: ActorModule;
        readonly thread: ThreadName | 'anywhere';
        readonly args?: unknown;
      };
  /** Default `permanent`. */
  readonly restart?: RestartType;
}
