import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isForeignCode } from '../../../src/jest/remote/foreign-code.js';

const folder = mkdtempSync(join(tmpdir(), 'jrh-events-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** An event as GitHub has recorded it, without what is not read. */
function github(name: string, event: object | string): Record<string, string> {
  const path = join(folder, `${Math.random()}.json`);
  writeFileSync(path, typeof event === 'string' ? event : JSON.stringify(event));
  return { GITHUB_ACTIONS: 'true', GITHUB_EVENT_NAME: name, GITHUB_EVENT_PATH: path };
}

const repository = { full_name: 'acme/app', fork: false };
const fork = { full_name: 'mallory/app', fork: true };
const request = (repo: object | null) => ({
  action: 'synchronize',
  number: 7,
  repository,
  pull_request: {
    number: 7,
    head: { ref: 'feature', sha: '1f2e3d', label: 'feature', repo },
    base: { ref: 'main', sha: '4c5b6a', label: 'acme:main', repo: repository },
  },
});

const foreign: Readonly<Record<string, Record<string, string>>> = {
  'GitHub: a pull request from a fork': github('pull_request', request(fork)),
  'GitHub: with the rights of the target': github('pull_request_target', request(fork)),
  'GitHub: the fork was deleted': github('pull_request', request(null)),
  'GitHub: after a workflow of a fork': github('workflow_run', {
    repository,
    workflow_run: { event: 'pull_request', head_repository: fork },
  }),
  'GitHub: an event that cannot be read': {
    GITHUB_EVENT_NAME: 'pull_request',
    GITHUB_EVENT_PATH: join(folder, 'missing.json'),
  },
  'GitHub: an event that is none': github('pull_request_target', '{'),
  'GitLab: a merge request from a fork': {
    GITLAB_CI: 'true',
    CI_MERGE_REQUEST_PROJECT_ID: '1',
    CI_MERGE_REQUEST_SOURCE_PROJECT_ID: '2',
  },
  'GitLab: a pull request of GitHub': {
    GITLAB_CI: 'true',
    CI_EXTERNAL_PULL_REQUEST_SOURCE_REPOSITORY: 'mallory/app',
    CI_EXTERNAL_PULL_REQUEST_TARGET_REPOSITORY: 'acme/app',
  },
  Azure: { TF_BUILD: 'True', SYSTEM_PULLREQUEST_ISFORK: 'True' },
  CircleCI: {
    CIRCLECI: 'true',
    CIRCLE_PR_USERNAME: 'mallory',
    CIRCLE_PR_REPONAME: 'app',
    CIRCLE_PR_NUMBER: '7',
  },
  Jenkins: { JENKINS_URL: 'https://ci.example', CHANGE_ID: '7', CHANGE_FORK: 'mallory' },
  Buildkite: {
    BUILDKITE: 'true',
    BUILDKITE_PULL_REQUEST: '7',
    BUILDKITE_PULL_REQUEST_REPO: 'git://github.com/mallory/app.git',
    BUILDKITE_REPO: 'git@github.com:acme/app.git',
  },
  Travis: {
    TRAVIS: 'true',
    TRAVIS_PULL_REQUEST: '7',
    TRAVIS_PULL_REQUEST_SLUG: 'mallory/app',
    TRAVIS_REPO_SLUG: 'acme/app',
  },
  AppVeyor: {
    APPVEYOR: 'True',
    APPVEYOR_PULL_REQUEST_NUMBER: '7',
    APPVEYOR_PULL_REQUEST_HEAD_REPO_NAME: 'mallory/app',
    APPVEYOR_REPO_NAME: 'acme/app',
  },
};
for (const [name, env] of Object.entries(foreign))
  test(`is foreign: ${name}`, () => expect(isForeignCode(env)).toBe(true));

const own: Readonly<Record<string, Record<string, string>>> = {
  'no CI': { HOME: '/home/me' },
  'GitHub: a push': github('push', { ref: 'refs/heads/main', repository }),
  'GitHub: a push in a fork, by its owner': github('push', { ref: 'refs/heads/main', repository: fork }),
  'GitHub: a branch of the same repository': github('pull_request', request(repository)),
  'GitHub: a branch of a repository that is a fork itself': github('pull_request', {
    pull_request: { head: { repo: fork }, base: { repo: fork } },
  }),
  'GitHub: after a workflow of a branch': github('workflow_run', {
    repository,
    workflow_run: { event: 'push', head_repository: repository },
  }),
  'GitHub: by schedule': github('schedule', { schedule: '0 0 * * *', repository }),
  'GitLab: a merge request': {
    GITLAB_CI: 'true',
    CI_MERGE_REQUEST_PROJECT_ID: '1',
    CI_MERGE_REQUEST_SOURCE_PROJECT_ID: '1',
  },
  'GitLab: a push': { GITLAB_CI: 'true', CI_PROJECT_ID: '1' },
  Azure: { TF_BUILD: 'True', SYSTEM_PULLREQUEST_ISFORK: 'False' },
  CircleCI: { CIRCLECI: 'true', CIRCLE_PROJECT_USERNAME: 'acme' },
  Jenkins: { CHANGE_ID: '7', CHANGE_BRANCH: 'feature' },
  Buildkite: {
    BUILDKITE_PULL_REQUEST: '7',
    BUILDKITE_PULL_REQUEST_REPO: 'git://github.com/Acme/app.git',
    BUILDKITE_REPO: 'git@github.com:acme/app.git',
  },
  'Buildkite: a push': {
    BUILDKITE_PULL_REQUEST: 'false',
    BUILDKITE_PULL_REQUEST_REPO: '',
    BUILDKITE_REPO: 'git@github.com:acme/app.git',
  },
  Travis: { TRAVIS_PULL_REQUEST_SLUG: 'acme/app', TRAVIS_REPO_SLUG: 'acme/app' },
  'Travis: a push': {
    TRAVIS_PULL_REQUEST: 'false',
    TRAVIS_PULL_REQUEST_SLUG: '',
    TRAVIS_REPO_SLUG: 'acme/app',
  },
  AppVeyor: { APPVEYOR_PULL_REQUEST_HEAD_REPO_NAME: 'acme/app', APPVEYOR_REPO_NAME: 'acme/app' },
  'AppVeyor: a push': { APPVEYOR_REPO_NAME: 'acme/app' },
};
for (const [name, env] of Object.entries(own))
  test(`is the project's own: ${name}`, () => expect(isForeignCode(env)).toBe(false));
