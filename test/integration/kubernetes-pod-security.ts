/**
 * What the Pod Security Standard "restricted" says about a pod, and what we say beyond it; empty when nothing is
 * wrong. https://kubernetes.io/docs/concepts/security/pod-security-standards/
 */
// biome-ignore lint/suspicious/noExplicitAny: a pod's spec, straight out of a file
export function flawsOfPod(pod: any): readonly string[] {
  const { securityContext: common = {} } = pod;
  const flaws = [
    ...(['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((name) => pod[name] === true),
    ...flawIf(pod.automountServiceAccountToken !== false, 'the pod gets a token of the Kubernetes API'),
    ...flawIf(pod.enableServiceLinks !== false, 'the pod gets an environment variable for each Service'),
    ...flawIf(common.runAsNonRoot !== true, 'runAsNonRoot is not true'),
    ...flawIf(!(common.runAsUser > 0), 'runAsUser is root, or left to the image'),
    ...flawIf(common.seccompProfile?.type !== 'RuntimeDefault', 'seccompProfile is not RuntimeDefault'),
    ...flawIf(common.sysctls !== undefined, 'sysctls are set'),
    ...(pod.volumes ?? []).flatMap(flawsOfVolume),
  ];
  const containers = [...(pod.initContainers ?? []), ...(pod.containers ?? [])];
  return [...flaws, ...containers.flatMap(flawsOfContainer)];
}

const volumeTypes = ['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'persistentVolumeClaim', 'projected'];

function flawsOfVolume({ name, ...source }: Readonly<Record<string, unknown>>): readonly string[] {
  const types = Object.keys(source);
  return types
    .filter((type) => ![...volumeTypes, 'secret'].includes(type))
    .map((type) => `${name} is a ${type} volume`);
}

// biome-ignore lint/suspicious/noExplicitAny: as above
function flawsOfContainer({ name, securityContext = {}, resources = {}, ...container }: any): readonly string[] {
  const { capabilities = {}, ...context } = securityContext;
  const added = (capabilities.add ?? []).filter((capability: string) => capability !== 'NET_BIND_SERVICE');
  const ports = container.ports ?? [];
  return [
    ...flawIf(context.privileged === true, 'it is privileged'),
    ...flawIf(context.allowPrivilegeEscalation !== false, 'allowPrivilegeEscalation is not false'),
    ...flawIf(context.readOnlyRootFilesystem !== true, 'readOnlyRootFilesystem is not true'),
    ...flawIf(context.runAsNonRoot !== true, 'runAsNonRoot is not true'),
    ...flawIf(context.runAsUser === 0, 'it runs as root'),
    ...flawIf(context.seccompProfile !== undefined, 'it has a seccomp profile of its own'),
    ...flawIf(context.procMount !== undefined, 'procMount is set'),
    ...flawIf(!capabilities.drop?.includes('ALL'), 'it keeps capabilities'),
    ...flawIf(added.length > 0, `it adds ${added}`),
    ...flawIf(
      ports.some((port: object) => 'hostPort' in port),
      'it has a host port',
    ),
    ...flawIf(resources.requests?.cpu === undefined || resources.requests?.memory === undefined, 'it requests nothing'),
    ...flawIf(resources.limits?.memory === undefined, 'its memory has no limit'),
    ...flawIf(!/[:@][^/]+$/.test(container.image) || container.image.endsWith(':latest'), 'its image has no version'),
    ...(container.volumeMounts ?? []).flatMap((mount: { readonly name: string; readonly subPath?: string }) =>
      flawIf(mount.subPath !== undefined, `subPath: ${mount.name} would never change`),
    ),
  ].map((flaw) => `${name}: ${flaw}`);
}

function flawIf(isFlaw: boolean, flaw: string): readonly string[] {
  return isFlaw ? [flaw] : [];
}
