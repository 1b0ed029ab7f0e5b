# For compose.yaml: secrets, once; the demo's configuration with Redis and an Envoy that the host reaches; Envoy's own.
# Arguments: the folder that stands for the checkout, and the command that runs sallyport.
set -eu
root=$1
sallyport=$2
umask 077
cd "$root"
mkdir -p .demo/compose envoy
[ -s .demo/keys.json ] || $sallyport keys new >.demo/keys.json
[ -s .demo/signing-keys.json ] || $sallyport issuer signing-keys new >.demo/signing-keys.json
for secret in client-secret spa-client-secret; do
  [ -s .demo/$secret ] || node -e 'process.stdout.write(crypto.randomBytes(32).toString("base64url"))' >.demo/$secret
done
# As deep below the folder as the original, for the file names inside. Only Docker reaches the address it publishes.
sed -e 's|^  type: memory$|  type: redis\n  url: redis://127.0.0.1:6379|' \
  -e 's|^  listen: 127.0.0.1:8080$|  listen: 0.0.0.0:8080|' \
  examples/demo/sallyport.yaml >.demo/compose/sallyport.yaml
$sallyport envoy --config .demo/compose/sallyport.yaml >envoy/envoy.yaml
chmod 755 envoy
chmod 644 envoy/envoy.yaml
# Sallyport reads the secrets as the user of its image.
if [ "$(id -u)" = 0 ]; then chown -R 65532:65532 .demo; fi
