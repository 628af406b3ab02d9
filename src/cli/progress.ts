/** One line for each event of a run, as it happens. */
import type { RunEvent } from '../actors/index.ts';
import { printable } from '../telemetry/index.ts';
import { dim, green, milliseconds, red } from './output.ts';

/** Steps with many calls are shown in tenths, not call by call. */
const FEW_CALLS = 5;

export function progressPrinter(
  nowMs: () => number,
  print: (line: string) => void,
): (event: RunEvent) => void {
  const startMs = nowMs();
  const calls = new Map<string, { total: number; done: number }>();
  const say = (text: string): void =>
    print(`${dim(`${((nowMs() - startMs) / 1_000).toFixed(2).padStart(7)}s`)} ${text}`);

  return (event) => {
    switch (event.type) {
      case 'run.started':
        return say(
          `run ${event.runId} of "${printable(event.plan)}", ${event.steps} steps, correlation ID ${event.correlationId}`,
        );
      case 'step.started':
        calls.set(event.step, { total: event.calls, done: 0 });
        return say(`${event.step}: started${event.calls === 1 ? '' : `, ${event.calls} calls`}`);
      case 'attempt.failed': {
        const next = event.retryInMs === null ? '' : `; retry in ${milliseconds(event.retryInMs)}`;
        return say(
          `${event.step}: attempt ${event.attempt} ${red(event.error.code)} ${printable(event.error.message)}${next}`,
        );
      }
      case 'attempt.succeeded': {
        const count = calls.get(event.step) ?? { total: 1, done: 0 };
        count.done++;
        if (count.total <= FEW_CALLS) {
          const where = `on ${event.thread}, ${milliseconds(event.usage.wallMs)}, output ${event.outputHash.slice(0, 12)}`;
          return say(`${event.step}: attempt ${event.attempt} ok ${where}`);
        }
        if (count.done % Math.ceil(count.total / 10) === 0)
          say(`${event.step}: ${count.done} of ${count.total} calls done`);
        return;
      }
      case 'step.waiting': {
        const until = new Date(event.expiresAtMs).toISOString().slice(11, 19);
        return say(
          `${event.step}: ${event.action} is of ${event.risk} risk and waits for approval ${event.approval} until ${until}Z`,
        );
      }
      case 'step.resumed':
        return say(`${event.step}: ${event.approval} is approved`);
      case 'step.verified': {
        if ((calls.get(event.step)?.total ?? 1) > FEW_CALLS) return;
        const threads = event.executions
          .map(({ thread, outcome }) => `${thread} ${outcome.slice(0, 12)}`)
          .join(', ');
        return say(
          `${event.step}: verified, ${event.agreeing} of ${event.replicas} agree (${threads})`,
        );
      }
      case 'step.succeeded':
        return say(`${event.step}: ${green('done')} in ${milliseconds(event.elapsedMs)}`);
      case 'step.failed':
        return say(`${event.step}: ${red('failed')} ${event.error.code}`);
      case 'step.skipped':
        return say(`${event.step}: skipped because ${event.because}`);
      case 'run.completed':
        return say(
          event.outcome.ok ? green('outcome: ok') : red(`outcome: ${event.outcome.error.code}`),
        );
    }
  };
}
