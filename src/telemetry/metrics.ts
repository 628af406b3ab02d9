/**
 * Metrics by OpenTelemetry, served in Prometheus' text format at `GET /metrics`. What is counted is decided where it
 * happens; here is only the meter and its endpoint. Each instrument keeps at most SERIES_MAX combinations of labels: what
 * comes after is summed up in one series with the label `otel_metric_overflow`.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Meter } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { failure, type Result, reasonOf, success } from '../contracts/index.ts';

export interface MetricsOptions {
  /** TCP port of the endpoint; 0 takes a free one. */
  readonly port: number;
  /** Default: loopback, since the numbers name skills. */
  readonly host?: string;
}

export interface Metrics {
  readonly meter: Meter;
  /** Where Prometheus scrapes. */
  readonly url: string;
  readonly close: () => Promise<void>;
}

const SERIES_MAX = 1_000;
const SCRAPE_TIMEOUT_MS = 10_000;

/** Failure: PORT_UNAVAILABLE. */
export async function startMetrics({
  port,
  host = '127.0.0.1',
}: MetricsOptions): Promise<Result<Metrics>> {
  const exporter = new PrometheusExporter({
    preventServerStart: true,
    withoutScopeInfo: true,
    withoutTargetInfo: true,
  });
  const provider = new MeterProvider({
    readers: [exporter],
    views: [{ instrumentName: '*', aggregationCardinalityLimit: SERIES_MAX }],
  });
  const server = createServer({ requestTimeout: SCRAPE_TIMEOUT_MS }, (request, response) => {
    if (request.method === 'GET' && request.url === '/metrics') {
      return exporter.getMetricsRequestHandler(request, response);
    }
    response.writeHead(404, { 'content-type': 'text/plain' }).end('GET /metrics is all there is\n');
  });
  try {
    await listen(server, port, host);
  } catch (thrown) {
    return failure('PORT_UNAVAILABLE', { host, port, reason: reasonOf(thrown) });
  }
  const { port: bound } = server.address() as AddressInfo;
  return success({
    meter: provider.getMeter('skein'),
    url: `http://${host}:${bound}/metrics`,
    close: async () => {
      await closed(server);
      await provider.shutdown();
    },
  });
}

const listen = (server: Server, port: number, host: string): Promise<void> =>
  new Promise((listening, failed) => {
    server.once('error', failed);
    server.listen(port, host, listening);
  });

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
