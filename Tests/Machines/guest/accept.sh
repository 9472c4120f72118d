# shellcheck shell=bash
# accept.sh KEY: lets the owner of that public key in, as everybody.
for user in root alice bob carol; do
    home=$(getent passwd "$user" | cut -d: -f6)
    install -d -m 0700 -o "$user" -g "$user" "$home/.ssh"
    echo "$1" > "$home/.ssh/authorized_keys"
    chown "$user:$user" "$home/.ssh/authorized_keys"
done
