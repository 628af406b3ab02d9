/** The other side of the control endpoint: what a command asks of a running node. */
import { request } from 'node:http';
import type { RunEvent } from '../actors/index.ts';
import {
  failure,
  type Result,
  reasonOf,
  type SkeinError,
  type StructuredOutcome,
  success,
} from '../contracts/index.ts';
import type { ExecuteRequest } from '../runtime/index.ts';
import type { SpanRecord } from '../telemetry/index.ts';
import { controlSocket, type RunLine } from './control-protocol.ts';

export interface RunAnswer {
  readonly outcome: StructuredOutcome;
  readonly spans: readonly SpanRecord[];
}

export class ControlClient {
  readonly #path: string;

  constructor(dataDir: string) {
    this.#path = controlSocket(dataDir).path;
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

  /** Runs on the node; `onEvent` sees each event as it happens. */
  async run(run: ExecuteRequest, onEvent: (event: RunEvent) => void): Promise<Result<RunAnswer>> {
    let rest = '';
    let answer: RunAnswer | undefined;
    let refused: SkeinError | undefined;
    const take = (line: string): void => {
      const parsedLine = JSON.parse(line) as RunLine | { readonly error: SkeinError };
      if ('event' in parsedLine) onEvent(parsedLine.event);
      else if ('outcome' in parsedLine) answer = parsedLine;
      else refused = parsedLine.error;
    };
    const sent = await this.#send('POST', '/v1/runs', JSON.stringify(run), (chunk) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) take(line);
    });
    if (!sent.ok) return sent;
    if (rest.trim() !== '') take(rest);
    if (refused) return { ok: false, error: refused };
    return answer
      ? success(answer)
      : this.#unreachable('it closed the connection before the run ended');
  }

  #send(
    method: string,
    path: string,
    body: string | undefined,
    onText: (chunk: string) => void,
  ): Promise<Result<void>> {
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
              ? 'nothing listens there'
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
