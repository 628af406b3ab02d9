/** What `skein demo` is told. */
import type { GlobalOptions } from '../output.ts';

export interface DemoOptions extends GlobalOptions {
  readonly once: boolean;
  readonly nodes: number;
}
