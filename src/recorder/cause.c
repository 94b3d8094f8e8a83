#include "recorder/cause.h"

#include "base/buf.h"

#include <stdio.h>
#include <string.h>

/* {host}, {port}, {user} and {file} (of the password) stand for the configuration's. */
struct cause_cure {
    const char *record; /* in terms of hmi.cfg */
    const char *look;   /* in terms of the command line; NULL: the same */
};

static const struct cause_cure CAUSE_CURES[CAUSE_COUNT] = {
    [CAUSE_OTHER] = {"look at the broker's log", NULL},
    [CAUSE_NOTHING_LISTENS] =
        {"start the broker, or set broker.host and broker.port (Mosquitto 2 without a listener line serves "
         "its own machine only)",
         "start the broker, or name another with -H and -p (Mosquitto 2 without a listener line serves its "
         "own machine only)"},
    [CAUSE_NAME_UNKNOWN] = {"check broker.host and the name service (getent hosts {host})",
                            "check -H and the name service (getent hosts {host})"},
    [CAUSE_UNREACHABLE] = {"check the network and firewalls from here to {host}, and broker.port",
                           "check the network and firewalls from here to {host}, and -p"},
    [CAUSE_SILENT] = {"check that an MQTT broker has this port, and that broker.tls is set only for TLS",
                      "check that an MQTT broker has this port; one with TLS: -L mqtts://{host}:{port}"},
    [CAUSE_CLOSED] = {"does this port want TLS? then set broker.tls; else look at the broker's log",
                      "does this port want TLS? then use -L mqtts://{host}:{port}; else look at the broker's "
                      "log"},
    [CAUSE_ENDED] = {"look at the broker's log", NULL},
    [CAUSE_NO_TLS] = {"set broker.port to the broker's TLS port (often 8883), or take broker.tls out",
                      "use the broker's TLS port (often 8883) after -p, or connect without TLS: -H {host}"},
    [CAUSE_TLS_CLOSED] =
        {"does the broker want a client certificate? then set broker.tls.cert and broker.tls.key; else look at "
         "its log",
         "does the broker want a client certificate? a look has none: use an hmi.cfg with broker.tls.cert and "
         "broker.tls.key"},
    [CAUSE_TLS_VERSION] = {"let the broker offer TLS 1.2 or newer (openssl s_client -connect {host}:{port})",
                           NULL},
    [CAUSE_TLS_OTHER] = {"see what the broker shows: openssl s_client -connect {host}:{port}", NULL},
    [CAUSE_CERTIFICATE_NAME] =
        {"set broker.host to a name that the certificate holds, or let it be issued for {host} too",
         "name the broker (-H, -L) as its certificate does, or let it be issued for {host} too"},
    [CAUSE_CERTIFICATE_UNKNOWN] =
        {"set broker.tls.ca to the certificate of the authority that signed the broker's",
         "a look knows the system's authorities only: add this one there (update-ca-certificates), or use an "
         "hmi.cfg with broker.tls.ca"},
    [CAUSE_CERTIFICATE_EXPIRED] = {"renew the certificate at the broker, or set this machine's clock", NULL},
    [CAUSE_CERTIFICATE_EARLY] = {"compare the clock of this machine with the broker's", NULL},
    [CAUSE_CERTIFICATE_OTHER] = {"see what the broker shows: openssl s_client -connect {host}:{port}", NULL},
    [CAUSE_CLIENT_CERTIFICATE] =
        {"set broker.tls.cert and broker.tls.key to a certificate of an authority that the broker knows",
         "a look has no client certificate: use an hmi.cfg with broker.tls.cert and broker.tls.key"},
    [CAUSE_SETTINGS] = {"mend the configuration (hmi check), then: hmi reload", "mend the command line"},
    [CAUSE_TLS_FILE] = {"let the recorder's user read that file, or name another, then: hmi reload", NULL},
    [CAUSE_PASSWORD_FILE] = {"let {file} belong to the recorder's user, be readable for nobody else (chmod "
                             "600) and begin with the password",
                             NULL},
    [CAUSE_NO_USER] = {"the broker wants a user: set broker.username and broker.password_file",
                       "the broker wants a user: name one with -u"},
    [CAUSE_PASSWORD] =
        {"set broker.username ('{user}') and the first line of {file} to what the broker knows",
         "check -u {user} and type the password again, or look at the broker's users"},
    [CAUSE_VERSION] = {"set broker.protocol to what the broker speaks", NULL},
    [CAUSE_CLIENT_ID] = {"set broker.client_id to one that the broker allows, then restart the recorder",
                         "look at the broker's log: which client ids does it allow?"},
    [CAUSE_BUSY] = {"wait, or look at the load of the broker", NULL},
    [CAUSE_QUOTA] = {"let the broker's administrator raise the quota", NULL},
    [CAUSE_BANNED] = {"ask the broker's administrator to let this client in", NULL},
    [CAUSE_MOVED] = {"set broker.host to the broker's new place", "name the broker's new place with -H"},
};

/* The value of a placeholder at the begin of `text`, whose length goes to *length; NULL: there is none. */
static const char *cause_value(const char *text, const struct config_broker *broker, const char *port,
                               size_t *length)
{
    const struct {
        const char *name, *value;
    } values[] = {
        {"{host}", broker->host},
        {"{port}", port},
        {"{user}", broker->username},
        {"{file}", broker->password_file ? broker->password_file : "broker.password_file"},
    };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        *length = strlen(values[i].name);
        if (!strncmp(text, values[i].name, *length))
            return values[i].value ? values[i].value : "";
    }
    return NULL;
}

void cause_print_cure(enum cause cause, const struct config *config, bool look, char *out, size_t size)
{
    const struct cause_cure *cure = &CAUSE_CURES[cause];
    char port[16];
    snprintf(port, sizeof port, "%d", config->broker.port);
    struct buf buf;
    buf_init(&buf, 0);
    for (const char *text = look && cure->look ? cure->look : cure->record; *text;) {
        size_t length;
        const char *value = *text == '{' ? cause_value(text, &config->broker, port, &length) : NULL;
        if (value) {
            buf_append_text(&buf, value);
            text += length;
        } else {
            buf_append(&buf, text++, 1);
        }
    }
    snprintf(out, size, "%s; it is tried again by itself", buf_text(&buf));
    buf_free(&buf);
}
