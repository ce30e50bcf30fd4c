import { readFileSync } from 'node:fs';

type Env = Readonly<Record<string, string | undefined>>;

/** How CI services tell that what is tested comes from a fork, whose author may not push to the project. */
const signs: readonly ((env: Env) => boolean)[] = [
  // GitHub, Gitea, Forgejo: the event that started the workflow.
  ({ GITHUB_EVENT_PATH: path, GITHUB_EVENT_NAME: name }) =>
    path !== undefined && path !== '' && isFromFork(path, name ?? ''),
  // GitLab, for its own repositories and for those of GitHub.
  ({ CI_MERGE_REQUEST_SOURCE_PROJECT_ID: source, CI_MERGE_REQUEST_PROJECT_ID: target }) =>
    source !== undefined && target !== undefined && source !== target,
  ({
    CI_EXTERNAL_PULL_REQUEST_SOURCE_REPOSITORY: source,
    CI_EXTERNAL_PULL_REQUEST_TARGET_REPOSITORY: target,
  }) => source !== undefined && source !== target,
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

interface Event {
  readonly pull_request?: {
    readonly head?: { readonly repo?: Repository | null };
    readonly base?: { readonly repo?: Repository };
  };
  /** What another workflow has left is tested, which a pull request may have started. */
  readonly workflow_run?: { readonly head_repository?: Repository | null };
  readonly repository?: Repository;
}

function isFromFork(path: string, name: string): boolean {
  try {
    const event = JSON.parse(readFileSync(path, 'utf8')) as Event;
    const { pull_request: request, workflow_run: run, repository } = event;
    // The repository of a fork that was deleted is null.
    if (request !== undefined) return !isSame(request.head?.repo, request.base?.repo);
    return run !== undefined && !isSame(run.head_repository, repository);
  } catch {
    // Nobody can say whose code it is.
    return /^(pull_request|workflow_run)/.test(name);
  }
}

function isSame(one: Repository | null | undefined, other: Repository | undefined): boolean {
  return typeof one?.full_name === 'string' && one.full_name === other?.full_name;
}

/** `https://host/owner/name.git` and `git@host:owner/name` are one repository. */
function nameOf(address: string): string {
  return address
    .toLowerCase()
    .replace(/\/$/, '')
    .replace(/\.git$/, '')
    .split(/[:/]/)
    .slice(-2)
    .join('/');
}
