/** The models of a node, for capability `llm`: endpoints that speak chat completions as OpenAI's API does, many providers' and local ones. */
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import {
  failure,
  type Json,
  LIMITS,
  type LlmModel,
  type Result,
  success,
  type TenantId,
} from '../../contracts/index.ts';
import { postJson, RateBound, type ServiceParts } from './endpoint.ts';

export interface Completion {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly maxTokens: number;
  readonly temperature?: number;
  readonly timeoutMs: number;
  readonly tenant: TenantId;
  readonly skill: string;
}

export interface Models {
  /** Failures: SERVICE_UNKNOWN, SERVICE_BUSY and those of `postJson`. Never rejects. */
  readonly complete: (asked: Completion, signal?: AbortSignal) => Promise<Result<Json>>;
}

/** Tokens as the provider counted them. */
export interface TokenUse {
  readonly model: string;
  readonly tenant: TenantId;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export interface ModelsParts extends ServiceParts {
  readonly models: Readonly<Record<string, LlmModel>>;
  readonly onUse: (use: TokenUse) => void;
}

/** What is read of an answer; providers add more. */
const AnswerSchema = Type.Object({
  model: Type.Optional(Type.String()),
  choices: Type.Array(
    Type.Object({
      message: Type.Object({ content: Type.Union([Type.String(), Type.Null()]) }),
      finish_reason: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    }),
    { minItems: 1 },
  ),
  usage: Type.Optional(
    Type.Object({
      prompt_tokens: Type.Integer({ minimum: 0 }),
      completion_tokens: Type.Integer({ minimum: 0 }),
    }),
  ),
});
const answerOf = Compile(AnswerSchema);

export class ModelService implements Models {
  readonly #parts: ModelsParts;
  readonly #bounds: ReadonlyMap<string, RateBound>;

  constructor(parts: ModelsParts) {
    this.#parts = parts;
    this.#bounds = new Map(
      Object.entries(parts.models).map(([name, { perMinute }]) => [name, new RateBound(perMinute)]),
    );
  }

  async complete(asked: Completion, signal?: AbortSignal): Promise<Result<Json>> {
    const { models, clock } = this.#parts;
    const service = `model ${asked.model}`;
    const bound = this.#bounds.get(asked.model);
    const model = bound && models[asked.model];
    if (!model) return failure('SERVICE_UNKNOWN', { service, section: 'llm' });
    const admitted = bound.admit(service, clock.monotonicMs());
    if (!admitted.ok) return admitted;
    const { messages, temperature, timeoutMs, maxTokens } = asked;
    const body = JSON.stringify({
      model: model.model ?? asked.model,
      messages,
      max_tokens: Math.min(maxTokens, model.maxTokens ?? maxTokens),
      stream: false,
      ...(temperature === undefined ? {} : { temperature }),
    });
    const maxBytes = LIMITS.hostCallResultBytes / 2;
    const posted = await postJson(
      service,
      model,
      { body, timeoutMs, maxBytes, signal },
      this.#parts,
    );
    return posted.ok ? this.#read(posted.value, asked, service) : posted;
  }

  #read(text: string, { model, tenant }: Completion, service: string): Result<Json> {
    const answer = parsed(text);
    if (!answer)
      return failure('SERVICE_FAILED', { service, reason: 'it answered something else' });
    const [choice] = answer.choices;
    const { prompt_tokens: inputTokens = 0, completion_tokens: outputTokens = 0 } =
      answer.usage ?? {};
    this.#parts.onUse({ model, tenant, inputTokens, outputTokens });
    return success({
      model: answer.model ?? model,
      text: choice?.message.content ?? '',
      finishReason: choice?.finish_reason ?? null,
      usage: { inputTokens, outputTokens },
    });
  }
}

function parsed(text: string): Static<typeof AnswerSchema> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return answerOf.Check(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
