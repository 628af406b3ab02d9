/** Cases of egress: each request made by a skill in a real sandbox, past the real guard, with a resolver and a dialler that are played. */
import type { Json } from '../src/contracts/index.ts';
import type { HttpClient } from '../src/host/index.ts';
import { type CaseVerdict, caseSandbox, reportVerdicts, verdictOf } from './cases-sandbox.ts';

type Answers = readonly string[] | readonly (readonly string[])[];

interface EgressCase {
  readonly id: string;
  readonly class: string;
  readonly url: Json;
  readonly urlRepeat?: { prefix: string; unit: string; count: number; suffix: string };
  readonly options?: Readonly<Record<string, Json>>;
  readonly dns?: Readonly<Record<string, Answers>>;
  readonly redirects?: readonly string[];
  readonly expected: 'allow' | 'deny';
  readonly tolerate?: 'allow' | 'deny';
}

export interface EgressDocument {
  readonly policy: { readonly allowHosts: readonly string[] };
  readonly defaultDns: Readonly<Record<string, Answers>>;
  readonly cases: readonly EgressCase[];
}

/** As many requests as the resolver has answers; the last one decides. */
const BODY = `
let last;
for (let i = 0; i < input.times; i++) {
  try { last = { value: await ctx.http.request(input.request) }; } catch (error) { last = { error }; }
}
if (last.error) throw last.error;
return last.value;`;
/** Written down anew rather than taken from the guard. */
const INWARD = /^(0|10|127)\.|^169\.254\.|^192\.168\.|^172\.(1[6-9]|2\d|3[01])\.|^100\.64\.|:/;

export async function runEgressCases(
  { policy, defaultDns, cases }: EgressDocument,
  only: readonly string[] | undefined,
  isJson: boolean,
): Promise<number> {
  const sandbox = await caseSandbox();
  const verdicts: CaseVerdict[] = [];
  for (const each of cases.filter(({ id }) => only === undefined || only.includes(id))) {
    verdicts.push(await run(each));
  }
  await sandbox.close();
  return reportVerdicts(verdicts, isJson);

  async function run(each: EgressCase): Promise<CaseVerdict> {
    const { id, class: sort, expected, tolerate, redirects = [] } = each;
    const dns = { ...defaultDns, ...each.dns };
    const times = Math.max(1, ...Object.values(each.dns ?? {}).map((all) => rounds(all).length));
    const world = played(dns, redirects, policy.allowHosts);
    const { result, events } = await sandbox.play({
      body: BODY,
      input: { times, request: { ...each.options, url: urlOf(each), redirect: 'follow' } },
      grants: { http: { hosts: policy.allowHosts, methods: ['GET', 'HEAD', 'POST'] }, log: true },
      effects: { http: world.client },
    });
    const got = world.breaches.length > 0 ? 'breach' : verdictOf(result);
    // One record a request, whether it was sent or refused before.
    const hops = redirects.length === 0 ? times : events.length;
    const isAudited = events.length === hops && events.at(-1)?.ok === (got === 'allow');
    // A refusal of the first request sends nothing.
    const isSilent = got === 'allow' || redirects.length > 0 || world.sends() === times - 1;
    const notes = [
      ...world.breaches,
      ...(isAudited ? [] : [`${events.length} audit records`]),
      ...(isSilent ? [] : [`${world.sends()} requests were sent`]),
      ...(times > 1 ? [`${times} requests, ${world.queries()} look-ups`] : []),
    ];
    return {
      ...{ id, class: sort, expected, got },
      code: result.ok ? 'ok' : result.error.code,
      passed: (got === expected || got === tolerate) && isAudited && isSilent,
      note: notes.join('; '),
    };
  }
}

function played(
  dns: Readonly<Record<string, Answers>>,
  redirects: readonly string[],
  allowed: readonly string[],
) {
  const breaches: string[] = [];
  let queries = 0;
  let sends = 0;
  let checked: readonly string[] = [];
  const client: HttpClient = {
    resolve: async (hostname) => {
      const answers = dns[hostname];
      if (!allowed.includes(hostname)) breaches.push(`the resolver was asked for ${hostname}`);
      if (answers === undefined || hostname === '*') throw new Error('ENOTFOUND');
      const all = rounds(answers);
      checked = all[Math.min(queries, all.length - 1)] ?? [];
      queries++;
      return checked;
    },
    send: async ({ address, hostname, hostHeader, port, secure }) => {
      const location = redirects[sends];
      sends++;
      if (!checked.includes(address)) breaches.push(`${address} was dialled unchecked`);
      if (INWARD.test(address)) breaches.push(`${address} was dialled`);
      if (!allowed.includes(hostname) || hostHeader !== hostname)
        breaches.push(`${hostHeader} was asked for`);
      if (port !== (secure ? 443 : 80)) breaches.push(`port ${port} was dialled`);
      const headers: Record<string, string> = location === undefined ? {} : { location };
      return {
        kind: 'answered',
        status: location === undefined ? 200 : 302,
        headers,
        body: '',
        bytes: 0,
      };
    },
  };
  return { client, breaches, queries: () => queries, sends: () => sends };
}

/** The answers of each look-up; a plain list is that of all of them. */
const rounds = (answers: Answers): readonly (readonly string[])[] =>
  Array.isArray(answers[0])
    ? (answers as readonly (readonly string[])[])
    : [answers as readonly string[]];

const urlOf = ({ url, urlRepeat }: EgressCase): Json =>
  urlRepeat ? urlRepeat.prefix + urlRepeat.unit.repeat(urlRepeat.count) + urlRepeat.suffix : url;
