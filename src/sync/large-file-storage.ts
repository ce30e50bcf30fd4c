import { join } from 'node:path';
import { UsageError } from '../core/vocabulary/usage-error.js';
import { git, nulSeparated } from './git.js';
import { pathspecs } from './included-files.js';
import { type Repository, readOnly } from './repository.js';
import type { Held, Shadow } from './shadow.js';

/**
 * Refuses files in Git LFS, as the working tree may hold pointers where tests expect the content.
 * @returns Those that `include` names all the same; they count as included.
 */
export async function refuseLargeFileStorage(
  repository: Repository,
  shadow: Shadow,
  held: readonly Held[],
  include: readonly string[],
): Promise<readonly string[]> {
  const { root, settings, hasOwnAttributes, call } = repository;
  const hasAttributes =
    hasOwnAttributes ||
    settings.has('attributesfile') ||
    held.some(({ path }) => path === '.gitattributes' || path.endsWith('/.gitattributes'));
  if (!hasAttributes) return [];
  // The user's repository tells the attributes, our index the files.
  const env = { ...call.env, GIT_INDEX_FILE: shadow.index };
  const listed = [...readOnly, 'ls-files', '-z', '--cached', '--', ':(top,attr:filter=lfs)'];
  const stored = nulSeparated(await git(listed, { ...call, env }));
  if (stored.length === 0) return [];
  const named =
    include.length === 0 ? [] : ['ls-files', '-z', '--cached', '--', ...pathspecs(repository, include)];
  const allowed = new Set(named.length === 0 ? [] : nulSeparated(await shadow.git(named)));
  const refused = stored.filter((path) => !allowed.has(path));
  if (refused.length === 0) return stored;
  const more = refused.length > 3 ? ` and ${refused.length - 3} more` : '';
  throw new UsageError({
    file: join(root, '.gitattributes'),
    message: `content in Git LFS is not sent to other machines: ${refused.slice(0, 3).join(', ')}${more}`,
    remedy: 'name what the tests need in `sync.include`; it is sent as it lies in the working tree',
  });
}
