/** The one way to the server: JSON in and out under /api, problem+json as `ApiError`, the CSRF token on writes. */

type Params = Record<string, string | number | boolean | null | undefined>;

interface Call {
  params?: Params;
  body?: unknown;
  signal?: AbortSignal;
}

/** A request that did not succeed; `message` is one line for the person at the page. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    message: string,
    /** HTTP status; 0 when no answer came. */
    readonly status: number,
    /** The word by which the server tells this problem from others of its status. */
    readonly type: string | null = null,
    readonly requestId: string | null = null,
  ) {
    super(message);
  }
}

const CSRF_PROBLEM = 'urn:problem:csrf';

let csrfToken: string | null = null;

/** Forget the token: the session it belonged to has ended. */
export function forgetCsrfToken() {
  csrfToken = null;
}

export const api = {
  get: <T>(path: string, call: Pick<Call, 'params' | 'signal'> = {}) => request<T>('GET', path, call),
  post: <T>(path: string, call: Call = {}) => write<T>('POST', path, call),
  delete: (path: string, call: Pick<Call, 'body'> = {}) => write<null>('DELETE', path, call),
};

async function write<T>(method: string, path: string, call: Call): Promise<T> {
  if (csrfToken === null) await request('GET', '/me', {});
  try {
    return await request<T>(method, path, call);
  } catch (error) {
    if (!(error instanceof ApiError && error.type === CSRF_PROBLEM)) throw error;
    await request('GET', '/me', {}); // the session has changed in another tab
    return request<T>(method, path, call);
  }
}

async function request<T>(method: string, path: string, { params, body, signal }: Call): Promise<T> {
  const headers = new Headers({ Accept: 'application/json' });
  if (method !== 'GET' && csrfToken !== null) headers.set('X-CSRF-Token', csrfToken);
  const init: RequestInit = { method, headers, signal: signal ?? null };
  if (body instanceof FormData) init.body = body;
  else if (body !== undefined) {
    headers.set('Content-Type', 'application/json');
    init.body = JSON.stringify(body);
  }

  let response: Response;
  try {
    response = await fetch(`/api${path}${query(params)}`, init);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError('The server does not answer. It may be restarting.', 0);
  }
  const content: unknown = response.status === 204 ? null : await response.json().catch(() => null);
  if (!response.ok) throw problem(response.status, content);
  if (isRecord(content) && typeof content.csrf_token === 'string') csrfToken = content.csrf_token;
  return content as T; // the contract's word for it: the server's schema is tested where it is made
}

function query(params: Params = {}): string {
  const given = Object.entries(params).filter(([, value]) => value !== undefined && value !== null && value !== '');
  return given.length ? `?${new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString()}` : '';
}

/** Turn an answer of application/problem+json (RFC 9457) into its error. */
function problem(status: number, content: unknown): ApiError {
  const fields = isRecord(content) ? content : {};
  const requestId = typeof fields.request_id === 'string' ? fields.request_id : null;
  const type = typeof fields.type === 'string' ? fields.type : null;
  const said = [fieldErrors(fields.errors), fields.detail, fields.title].find((text) => typeof text === 'string' && text);
  return new ApiError(typeof said === 'string' ? said : `The server answered with an error (${status}).`, status, type, requestId);
}

/** [{field: "password", message: "is too short"}] -> "password: is too short". */
function fieldErrors(errors: unknown): string {
  if (!Array.isArray(errors)) return '';
  return errors
    .filter(isRecord)
    .map(({ field, message }) => [field, message].filter(Boolean).join(': '))
    .join('; ');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
