import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, SetUpError } from './project.js';
import { askWheel } from './python.js';
import { findProgram, lastLine, run } from './run.js';
import { installHint } from './system-package.js';

const keycloakVersion = '26.7.3';
const djangoRequirement = 'django-oauth-toolkit==3.4.1';

/** Fixed into a build of Keycloak: a database in memory, and clients may show a certificate. */
const keycloakOptions = ['--db=dev-mem', '--https-client-auth=request'];

/** The oldest Java that Keycloak runs on. */
const oldestJava = 17;

const folder = join(root, '.tools', 'interop');
const record = join(folder, 'tools.json');
const recordVersion = `keycloak ${keycloakVersion} ${keycloakOptions.join(' ')}, ${djangoRequirement}`;

/**
 * Makes Keycloak and django-oauth-toolkit ready below .tools/interop: about a minute and 400 MB the first time.
 *
 * @throws {SetUpError} with one line that says what is missing and what to do
 */
export async function setUpProviders() {
  if (await isReady()) return;
  mkdirSync(folder, { recursive: true });
  const java = await findJava();
  const keycloak = await installKeycloak(java);
  console.log(`set-up: ${djangoRequirement}`);
  const pythonPath = join(folder, 'django-venv');
  const python = await askWheel({
    folder: pythonPath,
    requirement: djangoRequirement,
    question: 'import oauth2_provider, sys; print(sys.executable)',
  });
  const tools = { java, keycloak, python, pythonPath };
  writeFileSync(record, `${JSON.stringify({ version: recordVersion, tools }, null, 2)}\n`);
}

/** @returns {Promise<boolean>} whether all that was recorded is still there, here and in this version */
async function isReady() {
  if (!existsSync(record)) return false;
  /** @type {{ version: string, tools: Record<string, string> }} */
  const { version, tools } = JSON.parse(readFileSync(record, 'utf8'));
  if (version !== recordVersion || !Object.values(tools).every((path) => existsSync(path))) return false;
  // A checkout that moved takes its virtual environment along, but not the paths inside.
  const question = ['-c', 'import oauth2_provider'];
  return (await run(tools.python ?? '', question, { PYTHONPATH: tools.pythonPath ?? '' })).code === 0;
}

/** @returns {Promise<string>} the absolute path of a Java that is new enough */
async function findJava() {
  const home = process.env.JAVA_HOME;
  const path = findProgram([...(home === undefined || home === '' ? [] : [join(home, 'bin', 'java')]), 'java']);
  if (path === undefined) {
    throw new SetUpError(
      `java is not there, and Keycloak needs it: ${installHint('openjdk-17-jre-headless', 'openjdk')}`,
    );
  }
  const { output } = await run(path, ['-version']);
  const version = Number(/version "(\d+)/.exec(output)?.[1]);
  if (!(version >= oldestJava)) {
    throw new SetUpError(`Keycloak needs Java ${oldestJava} or newer, and ${path} is not: ${lastLine(output)}`);
  }
  return path;
}

/**
 * Keycloak from Maven Central, unpacked and built.
 *
 * @param {string} java
 * @returns {Promise<string>} its folder
 */
async function installKeycloak(java) {
  const home = join(folder, `keycloak-${keycloakVersion}`);
  if (existsSync(join(home, 'built'))) return home;
  const maven = findProgram(['mvn']);
  if (maven === undefined) {
    throw new SetUpError(`mvn is not there, and Keycloak comes through it: ${installHint('maven', 'maven')}`);
  }
  console.log(`set-up: Keycloak ${keycloakVersion}`);
  const partial = join(folder, 'unpacking');
  for (const old of [home, partial]) rmSync(old, { recursive: true, force: true });
  const artifact = `-Dartifact=org.keycloak:keycloak-quarkus-dist:${keycloakVersion}:zip`;
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack';
  const unpacked = await run(maven, ['-q', '-B', goal, artifact, `-DoutputDirectory=${partial}`]);
  if (unpacked.code !== 0) throw new SetUpError(`mvn could not bring Keycloak: ${mavenReason(unpacked.output)}`);
  renameSync(join(partial, `keycloak-${keycloakVersion}`), home);
  rmSync(partial, { recursive: true, force: true });
  const built = await run('sh', [join(home, 'bin', 'kc.sh'), 'build', ...keycloakOptions], { JAVA: java });
  if (built.code !== 0) throw new SetUpError(`Keycloak could not be built: ${lastLine(built.output)}`);
  writeFileSync(join(home, 'built'), `${keycloakOptions.join(' ')}\n`);
  return home;
}

/**
 * The first error says what; the others are advice.
 *
 * @param {string} output
 */
function mavenReason(output) {
  const error = output.split('\n').find((line) => line.startsWith('[ERROR]'));
  return error === undefined ? lastLine(output) : error.slice('[ERROR]'.length).trim();
}
