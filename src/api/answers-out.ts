/** Answers that are not out yet: a run is over before its spans are gathered and written, and a node that is drained may be stopped. */
import type { ServerResponse } from 'node:http';

export class AnswersOut {
  readonly #waiting = new Set<ServerResponse>();
  #onNone: (() => void)[] = [];

  /** Until all of it is handed to the operating system, or nobody listens any more. */
  add(response: ServerResponse): void {
    this.#waiting.add(response);
    const isOut = (): void => {
      if (!this.#waiting.delete(response) || this.#waiting.size > 0) return;
      for (const tell of this.#onNone.splice(0)) tell();
    };
    response.once('finish', isOut);
    response.once('close', isOut);
  }

  /** Settles when every answer is out. */
  async allOut(): Promise<void> {
    if (this.#waiting.size > 0) await new Promise<void>((none) => this.#onNone.push(none));
  }
}
