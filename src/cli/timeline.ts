/** The phases of an operator's command as they happen: printed live, kept for its report. */
import type { Json } from '../contracts/index.ts';
import { realPorts } from '../host/index.ts';
import { type OperatorReport, writeOperatorReport } from '../runtime/index.ts';
import { dim, type GlobalOptions, green, printJson, printLine, red } from './output.ts';

type Phase = OperatorReport['phases'][number];

interface PhaseEnd {
  readonly ok?: boolean;
  readonly detail?: string;
}

/** Of a report: a node that comes and goes for days must not fill it. */
const PHASES_MAX = 10_000;

export class Timeline {
  readonly #command: string;
  readonly #options: GlobalOptions;
  readonly #startedAtMs = realPorts.clock.wallMs();
  readonly #startedMs = realPorts.clock.monotonicMs();
  readonly #phases: Phase[] = [];

  constructor(command: string, options: GlobalOptions) {
    this.#command = command;
    this.#options = options;
  }

  elapsedMs(): number {
    return realPorts.clock.monotonicMs() - this.#startedMs;
  }

  /** Notes a phase without printing it. */
  keep(name: string, { ok = true, detail }: PhaseEnd = {}): Phase {
    const more = detail === undefined ? {} : { detail: detail.slice(0, 10_000) };
    const phase: Phase = { name, elapsedMs: this.elapsedMs(), ok, ...more };
    if (this.#phases.length < PHASES_MAX) this.#phases.push(phase);
    return phase;
  }

  /** Notes a phase and prints it: `  1234 ms  n1 ready  process 17`. */
  note(name: string, end: PhaseEnd = {}): void {
    const phase = this.keep(name, end);
    const { ok, detail } = phase;
    if (this.#options.json) printJson({ phase });
    else {
      const at = `${Math.round(phase.elapsedMs)} ms`.padStart(9);
      const shown = ok ? green(name.padEnd(24)) : red(name.padEnd(24));
      printLine(`${dim(at)}  ${shown} ${detail ?? ''}`.trimEnd());
    }
  }

  /** Writes the report and says where; a report that cannot be written is said on stderr and changes nothing else. */
  async report(outcome: OperatorReport['outcome'], facts: Json): Promise<string | undefined> {
    const written = await writeOperatorReport(this.#options.data, {
      command: this.#command,
      startedAtMs: this.#startedAtMs,
      elapsedMs: this.elapsedMs(),
      outcome,
      phases: this.#phases,
      facts,
    });
    if (written.ok) return written.value.md;
    process.stderr.write(`no report: ${written.error.message}\n`);
    return undefined;
  }
}

/** What JSON can say of a value. */
export const factsOf = (value: unknown): Json => JSON.parse(JSON.stringify(value ?? null)) as Json;
