/** The part of the control endpoint that publishes packages and takes versions back. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import Type from 'typebox';
import { checker, LIMITS, success } from '../contracts/index.ts';
import type { SkeinNode } from '../runtime/index.ts';
import { readChecked, sendResult } from './control-http.ts';

const closed = { additionalProperties: false } as const;
const checkPublish = checker(
  Type.Object(
    {
      /** The text of the package file. */
      package: Type.String({ maxLength: LIMITS.packageBytes }),
      allowOlder: Type.Optional(Type.Boolean()),
    },
    closed,
  ),
);
const checkYank = checker(
  Type.Object(
    {
      name: Type.String({ minLength: 1, maxLength: 64 }),
      version: Type.String({ minLength: 1, maxLength: 200 }),
      /** Null puts the version back. */
      reason: Type.Union([Type.String({ minLength: 1, maxLength: 200 }), Type.Null()]),
    },
    closed,
  ),
);

export async function servePublish(
  node: SkeinNode,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readChecked(request, checkPublish);
  if (!body.ok) return sendResult(response, body);
  const { package: text, allowOlder = false } = body.value;
  const published = await node.publish(text, { allowOlder });
  if (!published.ok) return sendResult(response, published);
  const { manifest, contentHash } = published.value;
  const { name, version } = manifest;
  return sendResult(response, success({ name, version, contentHash }));
}

export async function serveYank(
  node: SkeinNode,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readChecked(request, checkYank);
  if (!body.ok) return sendResult(response, body);
  const { name, version, reason } = body.value;
  return sendResult(response, await node.yank(name, version, reason ?? undefined));
}
