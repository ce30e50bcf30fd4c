import { readFileSync } from 'node:fs';

type Env = Readonly<Record<string, string | undefined>>;

/** How CI services tell that what is tested comes from a fork, whose author may not push to the project. */
const signs: readonly ((env: Env) => boolean)[] = [
  // GitHub, Gitea, Forgejo: the event that started the workflow.
  ({ GITHUB_EVENT_PATH: path }) => path !== undefined && isFromFork(path),
  ({ CI_MERGE_REQUEST_SOURCE_PROJECT_ID: source, CI_MERGE_REQUEST_PROJECT_ID: target }) =>
    source !== undefined && target !== undefined && source !== target,
  ({ SYSTEM_PULLREQUEST_ISFORK: azure }) => azure?.toLowerCase() === 'true',
  ({ CIRCLE_PR_USERNAME: circle }) => circle !== undefined && circle !== '',
  ({ CHANGE_FORK: jenkins }) => jenkins !== undefined && jenkins !== '',
  ({ BUILDKITE_PULL_REQUEST_REPO: from, BUILDKITE_REPO: repository }) =>
    from !== undefined && from !== '' && nameOf(from) !== nameOf(repository ?? ''),
  ({ TRAVIS_PULL_REQUEST_SLUG: from, TRAVIS_REPO_SLUG: repository }) =>
    from !== undefined && from !== '' && from !== repository,
  ({ APPVEYOR_PULL_REQUEST_HEAD_REPO_NAME: from, APPVEYOR_REPO_NAME: repository }) =>
    from !== undefined && from !== '' && from !== repository,
];

/** Whether this CI job tests code of somebody who may not push to the project. */
export function isForeignCode(env: Env): boolean {
  return signs.some((sign) => sign(env));
}

interface Repository {
  readonly full_name?: unknown;
}

interface PullRequestEvent {
  readonly pull_request?: {
    readonly head?: { readonly repo?: Repository | null };
    readonly base?: { readonly repo?: Repository };
  };
}

function isFromFork(path: string): boolean {
  try {
    const { pull_request: request } = JSON.parse(readFileSync(path, 'utf8')) as PullRequestEvent;
    // The repository of a fork that was deleted is null.
    return request !== undefined && request.head?.repo?.full_name !== request.base?.repo?.full_name;
  } catch {
    return false;
  }
}

/** `https://host/owner/name.git` and `git@host:owner/name` are one repository. */
function nameOf(address: string): string {
  return address
    .replace(/\.git$/, '')
    .split(/[:/]/)
    .slice(-2)
    .join('/');
}
