import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { adminToken } from './admin-world.ts';
import { tempFolder } from './temp-folder.ts';
import { startWorld, type World } from './world.ts';

/** Replicas with an admin API each, on Unix sockets. */
export interface AdminReplicas {
  readonly world: World;
  /** Path of the first replica's socket. */
  readonly socket: string;
  readonly tokenFile: string;
}

export async function startAdminReplicas(replicas: number): Promise<AdminReplicas> {
  const folder = await tempFolder();
  const socket = join(folder, 'admin.sock');
  const tokenFile = join(folder, 'admin-token');
  await writeFile(tokenFile, adminToken);
  let replica = 0;
  const world = await startWorld({
    replicas,
    adjust: (config) => {
      config['listen'].admin = `unix:${replica === 0 ? socket : `${socket}-${replica}`}`;
      config['admin'] = { token: { file: tokenFile } };
      replica += 1;
    },
  });
  return { world, socket, tokenFile };
}
