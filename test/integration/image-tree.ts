import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, rename, symlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../support/tools.ts';
import { filesOfContext } from './image-context.ts';
import { type Instruction, type Stage, stagesOf } from './image-dockerfile.ts';

const run = promisify(execFile);

/** What a Dockerfile makes, as a folder that stands for the root of its last stage. */
export interface ImageTree {
  readonly folder: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** As it stands there. */
  readonly user: string;
  readonly stopSignal: string;
  readonly labels: ReadonlyMap<string, string>;
}

/**
 * Follows a Dockerfile without Docker: the bases are empty, `npm run build` is run, and `npm ci` is what
 * package-lock.json says that it installs, out of the packages of this checkout. Throws at any line that it does not
 * know, so that the Dockerfile cannot say what was not followed.
 */
export async function buildImageTree(dockerfile: string, into: string): Promise<ImageTree> {
  const stages = stagesOf(dockerfile);
  const folders = new Map(stages.map(({ name }, index) => [name, join(into, `${index}`)]));
  for (const stage of stages) await buildStage(stage, folders);
  const last = stages.at(-1);
  if (last === undefined) throw new Error('the Dockerfile has no stage');
  const only = (word: string) => last.instructions.findLast((each) => each.word === word)?.rest ?? '';
  return {
    folder: folders.get(last.name) ?? '',
    entrypoint: JSON.parse(only('ENTRYPOINT')) as string[], // the exec form is an array of strings
    command: JSON.parse(only('CMD')) as string[], // as above
    environment: Object.fromEntries(assignments(last, 'ENV')),
    user: only('USER'),
    stopSignal: only('STOPSIGNAL'),
    labels: new Map(assignments(last, 'LABEL')),
  };
}

type Folders = ReadonlyMap<string, string>;

async function buildStage({ name, instructions }: Stage, folders: Folders): Promise<void> {
  const folder = folders.get(name) ?? '';
  let workdir = '/';
  for (const { word, rest } of instructions) {
    switch (word) {
      case 'WORKDIR':
        workdir = resolve(workdir, rest);
        await mkdir(join(folder, workdir), { recursive: true });
        break;
      case 'COPY':
        await copy({ word, rest }, join(folder, workdir), folders);
        break;
      case 'RUN':
        await runLine(rest, join(folder, workdir));
        break;
      case 'ENV':
      case 'LABEL':
      case 'USER':
      case 'STOPSIGNAL':
      case 'ENTRYPOINT':
      case 'CMD':
        break; // of the last stage: read by buildImageTree
      default:
        throw new Error(`the Dockerfile says ${word}, which this test does not follow`);
    }
  }
}

async function copy({ rest }: Instruction, workdir: string, folders: Folders): Promise<void> {
  const words = rest.split(/\s+/);
  const target = words.pop() ?? '';
  const from = words[0]?.startsWith('--from=') ? words.shift()?.slice('--from='.length) : undefined;
  if (words.some((word) => word.startsWith('--'))) throw new Error(`COPY ${rest}: unknown option`);
  const isFolder = target.endsWith('/');
  for (const source of words) {
    const destination = join(workdir, target, isFolder ? basename(source) : '');
    await mkdir(dirname(destination), { recursive: true });
    // Moved, which is faster; a second COPY of it would fail, and say so.
    if (from !== undefined) await rename(join(folders.get(from) ?? '', source), destination);
    else await copyFromContext(source, destination);
  }
}

async function copyFromContext(source: string, destination: string): Promise<void> {
  const files = await filesOfContext(source);
  if (files.length === 0) throw new Error(`COPY ${source}: .dockerignore leaves nothing of it`);
  for (const file of files) await cp(join(root, file), join(destination, file.slice(source.length)));
}

async function runLine(line: string, workdir: string): Promise<void> {
  switch (line) {
    case 'npm ci --include=dev --include=optional':
      // All that the lock file names: what the set-up of the tests installed.
      return symlink(join(root, 'node_modules'), join(workdir, 'node_modules'));
    case 'npm ci --omit=dev --omit=optional':
      return installProductionPackages(workdir);
    case 'npm run build':
      return build(workdir);
    default:
      throw new Error(`the Dockerfile runs ${line}, which this test does not follow`);
  }
}

interface LockedPackage {
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly devOptional?: boolean;
}

async function installProductionPackages(workdir: string): Promise<void> {
  const { packages } = JSON.parse(await readFile(join(workdir, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, LockedPackage>>; // lockfileVersion 3
  };
  const paths = Object.entries(packages)
    .filter(([path, { dev, optional, devOptional }]) => path !== '' && !dev && !optional && !devOptional)
    .map(([path]) => path);
  // Those below others afterwards: two copies cannot make the same folder at one time.
  const depthOf = (path: string) => path.split('/node_modules/').length;
  for (const depth of [...new Set(paths.map(depthOf))].sort()) {
    await Promise.all(paths.filter((path) => depthOf(path) === depth).map((path) => copyPackage(path, workdir)));
  }
}

async function copyPackage(path: string, workdir: string): Promise<void> {
  const source = join(root, path);
  // Packages below it have lines of their own in the lock file.
  const isOwn = (file: string) => !file.slice(source.length).includes('/node_modules');
  await cp(source, join(workdir, path), { recursive: true, verbatimSymlinks: true, filter: isOwn });
}

async function build(workdir: string): Promise<void> {
  const { scripts } = JSON.parse(await readFile(join(workdir, 'package.json'), 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>; // package.json of npm
  };
  const [program = '', ...args] = (scripts['build'] ?? '').split(' ');
  await run(join(workdir, 'node_modules/.bin', program), args, { cwd: workdir });
}

function assignments({ instructions }: Stage, word: string): readonly (readonly [string, string])[] {
  const texts = instructions.filter((each) => each.word === word).map(({ rest }) => rest);
  return texts.flatMap((text) =>
    [...text.matchAll(/([\w.]+)=(?:"([^"]*)"|(\S+))/g)].map(([, name = '', quoted, bare]): [string, string] => [
      name,
      quoted ?? bare ?? '',
    ]),
  );
}

/** Makes a tree what it is in a container with a read-only root: everybody may read, nobody may write. */
export async function makeReadOnly(folder: string): Promise<void> {
  await run('chmod', ['-R', 'a+rX,a-w', folder]);
}

/** So that it can be deleted by somebody who is not root. */
export async function makeWritable(folder: string): Promise<void> {
  await run('chmod', ['-R', 'u+w', folder]);
}
