/**
 * How long does a decision of the policy take? An operator's file of 100 policies, a thousand different requests of 50 skills; anew each
 * time (cold) and from the cache, each timed by itself. Beside a table lookup written by hand for just these rules, which explains
 * nothing, forbids nothing and names no decision.
 *
 *     node bench/policy/decisions.ts
 */
import { realClock } from '../../src/host/index.ts';
import { checkPolicies, PolicyEngine, type PolicyRequest } from '../../src/sandbox/index.ts';
import { contest, type Question } from '../harness/contest.ts';
import { type Measured, percentile } from '../harness/statistics.ts';

const SKILLS = 50;
const REQUESTS = 1_000;
const ROUNDS = 5;

const nameOf = (at: number) => `skill_${at % SKILLS}`;
const hostOf = (at: number) => `api-${at % SKILLS}.example.com`;

/** Half of them permit a host to a skill, half forbid paths. */
const TEXT = Array.from({ length: SKILLS }, (_, at) => [
  `@id("web-${at}") permit (principal == Skill::"${nameOf(at)}", action == Action::"http.request", resource == Host::"${hostOf(at)}") when { ["GET", "HEAD"].contains(context.method) };`,
  `@id("admin-${at}") forbid (principal == Skill::"${nameOf(at)}", action in Action::"http", resource) when { context.path like "/admin/*" };`,
])
  .flat()
  .join('\n');

const request = (at: number): PolicyRequest => ({
  principal: { name: nameOf(at), version: '1.0.0', contentHash: '0'.repeat(64), tenant: 'acme' },
  action: 'http.request',
  // Every fourth is denied.
  resource: { type: 'Host', id: hostOf(at % 4 === 3 ? at + 1 : at) },
  attributes: {
    ...{ scheme: 'https', port: 443, method: 'GET', path: `/v1/items/${at}` },
    secrets: [],
  },
});
const requests = Array.from({ length: REQUESTS }, (_, at) => request(at));

function timed(decide: (request: PolicyRequest) => boolean, share: number): Measured {
  const times: number[] = [];
  let permitted = 0;
  for (const each of requests) decide(each);
  for (let round = 0; round < ROUNDS; round++)
    for (const each of requests) {
      const startedMs = realClock.monotonicMs();
      const isPermitted = decide(each);
      times.push((realClock.monotonicMs() - startedMs) * 1_000);
      if (isPermitted) permitted++;
    }
  if (permitted !== (REQUESTS * ROUNDS * 3) / 4) throw new Error(`${permitted} were permitted`);
  return percentile(times, share);
}

async function cedar(decisionsMax: number | undefined, share: number): Promise<Measured> {
  const { source, problems } = checkPolicies(TEXT, 'bench.cedar');
  if (!source) throw new Error(JSON.stringify(problems));
  const engine = new PolicyEngine(decisionsMax === undefined ? {} : { decisionsMax });
  return timed((each) => engine.decide(source, each).allowed, share);
}

async function table(share: number): Promise<Measured> {
  const rules = new Map(
    Array.from({ length: SKILLS }, (_, at) => [
      nameOf(at),
      { hosts: new Set([hostOf(at)]), methods: new Set(['GET', 'HEAD']), not: '/admin/' },
    ]),
  );
  return timed(({ principal, resource, attributes }) => {
    const rule = rules.get(principal.name);
    return (
      rule?.hosts.has(resource.id) === true &&
      rule.methods.has(String(attributes.method)) &&
      !String(attributes.path).startsWith(rule.not)
    );
  }, share);
}

const question = (kind: string, share: number, decisionsMax?: number): Question => ({
  suite: 'policy',
  metric: `decision, ${kind}, ${share === 0.5 ? 'p50' : 'p99'}`,
  unit: 'us',
  contestants: { Skein: () => cedar(decisionsMax, share), table: () => table(share) },
});

await contest(import.meta.filename, [
  question('cold', 0.5, 0),
  question('cold', 0.99, 0),
  question('cached', 0.5),
  question('cached', 0.99),
]);
