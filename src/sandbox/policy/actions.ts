/**
 * Every action that a policy can speak of: the one place to add to when a capability comes. A row says what the action is done
 * to, which facts of the call the policy sees in `context`, its risk unless the policy says otherwise, and whether it changes
 * something outside. An action without a row is denied. The Cedar schema is made from the rows.
 *
 * Beside their own facts all actions have `context.target`, the ID of the resource as a text, and `context.risk`, the row's.
 */
import type { Risk } from './risk.ts';

export type AttributeType = 'String' | 'Long' | 'Bool' | 'Strings';

export interface ActionRow {
  /** Type of the resource; its ID is the call's. */
  readonly resource: string;
  readonly attributes: Readonly<Record<string, AttributeType>>;
  readonly risk: Risk;
  /** Its permits are kept in the audit log too. */
  readonly isEffect: boolean;
}

const row = (
  resource: string,
  attributes: ActionRow['attributes'],
  { risk = 'low', isEffect = false }: Partial<Pick<ActionRow, 'risk' | 'isEffect'>> = {},
): ActionRow => ({ resource, attributes, risk, isEffect });

const EFFECT = { isEffect: true };
const HTTP = {
  scheme: 'String',
  port: 'Long',
  method: 'String',
  path: 'String',
  secrets: 'Strings',
} as const;
const PATH = { op: 'String', writes: 'Bool' } as const;
const ACTOR = { key: 'String', message: 'String' } as const;
const OP = { op: 'String' } as const;

export const ACTIONS: Readonly<Record<string, ActionRow>> = {
  run: row('Node', {}),
  log: row('Node', {}),
  'http.request': row('Host', HTTP, EFFECT),
  'fs.read': row('Path', PATH),
  'fs.list': row('Path', PATH),
  'fs.stat': row('Path', PATH),
  'fs.write': row('Path', PATH, EFFECT),
  'fs.remove': row('Path', PATH, EFFECT),
  'fs.rename': row('Path', { ...PATH, to: 'String' }, EFFECT),
  'fs.mkdir': row('Path', PATH, EFFECT),
  'kv.get': row('Key', OP),
  'kv.set': row('Key', OP, EFFECT),
  'kv.delete': row('Key', OP, EFFECT),
  'secret.get': row('Secret', {}, EFFECT),
  'actor.tell': row('ActorKind', ACTOR, EFFECT),
  'actor.ask': row('ActorKind', ACTOR, EFFECT),
  'notify.send': row('Channel', {}, EFFECT),
  'llm.complete': row('Model', { maxTokens: 'Long' }, EFFECT),
  'random.bytes': row('Random', { bytes: 'Long' }),
  'clock.now': row('Clock', {}),
};

/** `kv.set` is in the group `kv`; what changes something is in the group `effect` too. */
const groupsOf = (name: string, { isEffect }: ActionRow): readonly string[] => [
  ...(name.includes('.') ? [name.slice(0, name.indexOf('.'))] : []),
  ...(isEffect ? ['effect'] : []),
];

const CEDAR_TYPES = {
  String: { type: 'String' },
  Long: { type: 'Long' },
  Bool: { type: 'Boolean' },
  Strings: { type: 'Set', element: { type: 'String' } },
} as const;
const attribute = (type: AttributeType) => ({ ...CEDAR_TYPES[type], required: true });

/** The schema in Cedar's JSON format: policies are checked against it when they are loaded, requests when they are decided. */
export function cedarSchema(): object {
  const rows = Object.entries(ACTIONS);
  const groups = new Set(rows.flatMap(([name, action]) => groupsOf(name, action)));
  const resources = new Set(rows.map(([, { resource }]) => resource));
  const actions = rows.map(([name, action]) => [
    name,
    {
      memberOf: groupsOf(name, action).map((id) => ({ id })),
      appliesTo: {
        principalTypes: ['Skill'],
        resourceTypes: [action.resource],
        context: { type: 'Record', attributes: contextOf(action) },
      },
    },
  ]);
  return {
    '': {
      entityTypes: {
        Tenant: {},
        Skill: { memberOfTypes: ['Tenant'], shape: { type: 'Record', attributes: SKILL } },
        ...Object.fromEntries([...resources].map((name) => [name, {}])),
      },
      actions: {
        ...Object.fromEntries([...groups].map((name) => [name, {}])),
        ...Object.fromEntries(actions),
      },
    },
  };
}

const SKILL = {
  name: attribute('String'),
  version: attribute('String'),
  contentHash: attribute('String'),
  tenant: attribute('String'),
};

const contextOf = ({ attributes }: ActionRow) => ({
  target: attribute('String'),
  risk: attribute('String'),
  ...Object.fromEntries(Object.entries(attributes).map(([name, type]) => [name, attribute(type)])),
});
