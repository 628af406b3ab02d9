/** The plan of the demonstration: fetch with retries, reshape, and have two of three executions agree. */
export const pricePlan = (feed: { readonly host: string; readonly url: string }) => ({
  plan: 'price report',
  grants: { http: { hosts: [feed.host], methods: ['GET'], privateAddresses: true } },
  input: { url: feed.url },
  steps: [
    {
      id: 'fetch',
      skill: 'http_call',
      input: { url: '${input.url}', timeoutMs: 400 },
      retry: { attempts: 4, minMs: 100, maxMs: 1_000 },
    },
    {
      id: 'summary',
      skill: 'json_transform',
      input: {
        value: '${steps.fetch.body.series}',
        ops: [{ sortBy: 'day' }, { slice: [-7] }, { mean: 'priceUsd' }, { round: 2 }],
      },
      verify: { replicas: 3, quorum: 2 },
    },
    {
      id: 'latest',
      skill: 'json_transform',
      input: { value: '${steps.fetch.body.series}', ops: [{ sortBy: 'day' }, { last: null }] },
      verify: { replicas: 3, quorum: 2 },
    },
  ],
  output: {
    source: '${steps.fetch.body.label}',
    symbol: '${steps.fetch.body.symbol}',
    latestUsd: '${steps.latest.priceUsd}',
    meanOfLast7DaysUsd: '${steps.summary}',
  },
});

/** The same on several nodes: the workers fetch, reckon and bring the report to a desk that books it. */
export const clusterPlan = (
  feed: { readonly host: string; readonly url: string },
  desk: { readonly host: string; readonly url: string },
) => {
  const { steps, output, ...plan } = pricePlan(feed);
  const place = { labels: { role: 'worker' } };
  const http = { hosts: [feed.host, desk.host], methods: ['GET', 'POST'], privateAddresses: true };
  const report = { latestUsd: '${steps.latest.priceUsd}', meanOfLast7DaysUsd: '${steps.summary}' };
  return {
    ...plan,
    grants: { http },
    steps: [
      ...steps.map((step) => ({ ...step, place })),
      {
        id: 'report',
        skill: 'http_call',
        place,
        input: { url: desk.url, method: 'POST', json: report, timeoutMs: 30_000 },
      },
    ],
    output: { ...output, receipt: '${steps.report.body.receipt}' },
  };
};
