/**
 * A service that books each report once, by the key that comes with it, and leaves whoever brings the first without an answer: the one
 * moment in which nobody but the service knows that it was done.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReportDesk {
  readonly host: string;
  readonly url: string;
  /** Settles when the first report has come, whose sender waits in vain. */
  readonly firstCame: Promise<void>;
  readonly requests: () => number;
  readonly booked: () => readonly string[];
  readonly close: () => Promise<void>;
}

export async function startReportDesk(): Promise<ReportDesk> {
  const receipts = new Map<string, number>();
  let requests = 0;
  const { promise: firstCame, resolve: came } = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    const key = keyOf(request);
    requests++;
    if (!receipts.has(key)) receipts.set(key, receipts.size + 1);
    request.resume();
    if (requests === 1) return came();
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ receipt: receipts.get(key) }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    url: `http://${host}/reports`,
    firstCame,
    requests: () => requests,
    booked: () => [...receipts.keys()],
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const keyOf = ({ headers }: IncomingMessage): string => String(headers['idempotency-key'] ?? '');
