/** The other side of the control endpoint: what a command asks of a running node. */
import { request } from 'node:http';
import { dirname } from 'node:path';
import type { RunEvent } from '../actors/index.ts';
import {
  failure,
  type Result,
  reasonOf,
  type SkeinError,
  type StructuredOutcome,
  success,
} from '../contracts/index.ts';
import type { ExecuteRequest, RedeployRequest } from '../runtime/index.ts';
import type { RolloutReport, RolloutStep } from '../supervisor/index.ts';
import type { SpanRecord } from '../telemetry/index.ts';
import {
  controlSocket,
  folderProblem,
  type RedeployLine,
  type RunLine,
} from './control-protocol.ts';

export interface RunAnswer {
  readonly outcome: StructuredOutcome;
  readonly spans: readonly SpanRecord[];
}

export class ControlClient {
  readonly #path: string;
  readonly #dataDir: string;

  constructor(dataDir: string) {
    this.#path = controlSocket(dataDir).path;
    this.#dataDir = dataDir;
  }

  get<T>(path: string): Promise<Result<T>> {
    return this.#exchange('GET', path, undefined);
  }

  post<T>(path: string, body: object): Promise<Result<T>> {
    return this.#exchange('POST', path, JSON.stringify(body));
  }

  async #exchange<T>(method: string, path: string, body: string | undefined): Promise<Result<T>> {
    let text = '';
    const sent = await this.#send(method, path, body, (chunk) => {
      text += chunk;
    });
    return sent.ok ? parsed<T>(text) : sent;
  }

  /**
   * Runs on the node; `onEvent` sees each event as it happens. Failures of its own: NODE_UNREACHABLE before the run has begun, so
   * that it may be asked for elsewhere, PEER_LOST after it has.
   */
  async run(run: ExecuteRequest, onEvent: (event: RunEvent) => void): Promise<Result<RunAnswer>> {
    let answer: RunAnswer | undefined;
    let hasBegun = false;
    const sent = await this.#lines<RunLine>('/v1/runs', run, (line) => {
      hasBegun = true;
      if ('event' in line) onEvent(line.event);
      else answer = line;
    });
    if (answer) return success(answer);
    if (!sent.ok && sent.error.code !== 'NODE_UNREACHABLE') return sent;
    const reason = 'it closed the connection before the run ended';
    if (hasBegun) return failure('PEER_LOST', { peer: `the node on ${this.#dataDir}`, reason });
    return sent.ok ? this.#unreachable(reason) : sent;
  }

  /** Replaces the nodes of a group; `onStep` sees each step as it happens. It goes on when nobody listens any more. */
  async redeploy(
    request: RedeployRequest,
    onStep: (step: RolloutStep) => void,
  ): Promise<Result<RolloutReport>> {
    let report: RolloutReport | undefined;
    const sent = await this.#lines<RedeployLine>('/v1/redeploy', request, (line) => {
      if ('step' in line) onStep(line.step);
      else report = line.done;
    });
    if (!sent.ok) return sent;
    return report ? success(report) : this.#unreachable('it closed the connection before the end');
  }

  /** For an answer of one JSON document a line. A line with an error ends it. */
  async #lines<T extends object>(
    path: string,
    body: object,
    take: (line: T) => void,
  ): Promise<Result<void>> {
    let rest = '';
    let refused: SkeinError | undefined;
    const read = (text: string): void => {
      if (text.trim() === '') return;
      const line = JSON.parse(text) as T | { readonly error: SkeinError };
      if ('error' in line) refused = line.error;
      else take(line);
    };
    const sent = await this.#send('POST', path, JSON.stringify(body), (chunk) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) read(line);
    });
    if (!sent.ok) return sent;
    read(rest);
    return refused ? { ok: false, error: refused } : success(undefined);
  }

  async #send(
    method: string,
    path: string,
    body: string | undefined,
    onText: (chunk: string) => void,
  ): Promise<Result<void>> {
    const problem = await folderProblem(dirname(this.#path));
    if (problem) return problem;
    return new Promise((resolve) => {
      const sent = request({ socketPath: this.#path, method, path }, (response) => {
        response.setEncoding('utf8');
        response.on('data', onText);
        response.once('end', () => resolve(success(undefined)));
        response.once('error', (error) => resolve(this.#unreachable(reasonOf(error))));
      });
      sent.once('error', (error: NodeJS.ErrnoException) =>
        resolve(
          this.#unreachable(
            error.code === 'ENOENT' || error.code === 'ECONNREFUSED'
              ? `none runs on ${this.#dataDir}`
              : reasonOf(error),
          ),
        ),
      );
      sent.end(body);
    });
  }

  #unreachable(reason: string) {
    return failure('NODE_UNREACHABLE', { endpoint: this.#path, reason });
  }
}

function parsed<T>(text: string): Result<T> {
  const answer = JSON.parse(text) as { readonly value: T } | { readonly error: SkeinError };
  return 'error' in answer ? { ok: false, error: answer.error } : success(answer.value);
}
