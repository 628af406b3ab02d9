import type { ContextOf, HttpResponse } from 'skein/skill';

interface Input {
  url: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  json?: unknown;
  timeoutMs?: number;
}

interface Output {
  status: number;
  headers: Record<string, string>;
  body: unknown;
}

/** One request. The answer of a service that is unwell (429, 5xx) fails retryably, so that a plan can try again. */
export default async function httpCall(input: Input, ctx: ContextOf<'http'>): Promise<Output> {
  const { json, ...request } = input;
  const headers = {
    ...(json === undefined ? {} : { 'content-type': 'application/json' }),
    ...request.headers,
  };
  const body = json === undefined ? request.body : JSON.stringify(json);
  const sent = {
    ...request,
    headers,
    failWhenUnwell: true,
    ...(body === undefined ? {} : { body }),
  };
  const response = await ctx.http.request(sent);
  return { ...response, body: parsed(response) };
}

function parsed({ headers, body }: HttpResponse): unknown {
  if (!/\bjson\b/.test(headers['content-type'] ?? '')) return body;
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
