/**
 * A price feed on the loopback that is unwell in a known order: it hangs, then answers 503, then answers. Its series is
 * SAMPLE DATA made up for this demonstration by a formula; it is no market price of any day.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface PriceFeed {
  readonly host: string;
  readonly url: string;
  readonly requests: () => number;
  readonly close: () => Promise<void>;
}

const DAYS = 30;

export const SAMPLE_SERIES = Array.from({ length: DAYS }, (_, day) => ({
  day: day + 1,
  priceUsd: Math.round((60_000 + 4_000 * Math.sin(day / 4) + 150 * day) * 100) / 100,
}));

export async function startPriceFeed(): Promise<PriceFeed> {
  let requests = 0;
  const server = createServer((_request, response) => {
    requests++;
    if (requests === 1) return;
    const [status, body] =
      requests === 2
        ? [503, { error: 'overloaded' }]
        : [
            200,
            { label: 'sample data, made up by a formula', symbol: 'BTC', series: SAMPLE_SERIES },
          ];
    response.writeHead(status as number, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    url: `http://${host}/prices`,
    requests: () => requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
