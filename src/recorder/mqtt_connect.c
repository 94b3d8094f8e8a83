#include "base/mem.h"
#include "recorder/mqtt_internal.h"

#include <errno.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#define MQTT_SYSTEM_CA "/etc/ssl/certs"

void mqtt_library_init(void)
{
    mosquitto_lib_init();
}

void mqtt_library_cleanup(void)
{
    mosquitto_lib_cleanup();
}

/* Keeps the library from asking for a passphrase on the terminal. */
static int mqtt_no_passphrase(char *text, int size, int writing, void *context)
{
    (void)writing;
    (void)context;
    if (size > 0)
        text[0] = '\0';
    return 0;
}

static bool mqtt_check_readable(const char *path, const char *what, struct err *err)
{
    if (path && access(path, R_OK) != 0)
        return err_set(err, EX_NOINPUT, "cannot read %s '%s': %s", what, path, strerror(errno));
    return true;
}

static bool mqtt_set_tls(struct mqtt *mqtt, const struct mqtt_options *options, struct err *err)
{
    if (!options->tls)
        return true;
    if (!mqtt_check_readable(options->ca, "the TLS authority (tls.ca)", err) ||
        !mqtt_check_readable(options->cert, "the TLS certificate (tls.cert)", err) ||
        !mqtt_check_readable(options->key, "the TLS key (tls.key)", err))
        return false;
    int code = mosquitto_tls_set(mqtt->handle, options->ca, options->ca ? NULL : MQTT_SYSTEM_CA,
                                 options->cert, options->key, mqtt_no_passphrase);
    if (code == MOSQ_ERR_SUCCESS)
        /* 1: the certificate is verified, its name too. */
        code = mosquitto_tls_opts_set(mqtt->handle, 1, NULL, NULL);
    if (code != MOSQ_ERR_SUCCESS)
        return err_set(err, EX_CONFIG, "cannot set TLS up: %s (tls.cert and tls.key go together)",
                       mosquitto_strerror(code));
    openssl_find(&mqtt->openssl);
    mqtt->tls = true;
    return true;
}

static bool mqtt_set_will(struct mqtt *mqtt, const struct mqtt_options *options, struct err *err)
{
    if (!options->will_topic)
        return true;
    const char *payload = options->will_payload ? options->will_payload : "";
    int code = mosquitto_will_set(mqtt->handle, options->will_topic, (int)strlen(payload), payload, 1, true);
    if (code != MOSQ_ERR_SUCCESS)
        return err_set(err, EX_USAGE, "cannot set the last will: %s", mosquitto_strerror(code));
    return true;
}

static bool mqtt_set_options(struct mqtt *mqtt, const struct mqtt_options *options, struct err *err)
{
    mosquitto_threaded_set(mqtt->handle, true);
    /* What mqtt_write() uncorks leaves at once. */
    mosquitto_int_option(mqtt->handle, MOSQ_OPT_TCP_NODELAY, 1);
    mosquitto_int_option(mqtt->handle, MOSQ_OPT_PROTOCOL_VERSION,
                         options->version5 ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311);
    if (options->version5) {
        if (options->receive_maximum > 0)
            mosquitto_int_option(mqtt->handle, MOSQ_OPT_RECEIVE_MAXIMUM, options->receive_maximum);
        mosquitto_int_option(mqtt->handle, MOSQ_OPT_SEND_MAXIMUM, MQTT_SEND_MAXIMUM);
    } else {
        mosquitto_max_inflight_messages_set(mqtt->handle, MQTT_SEND_MAXIMUM);
    }
    if (options->username) {
        int code = mosquitto_username_pw_set(mqtt->handle, options->username, options->password);
        if (code != MOSQ_ERR_SUCCESS)
            return err_set(err, EX_CONFIG, "cannot use this user name or password: %s",
                           mosquitto_strerror(code));
    }
    return mqtt_set_tls(mqtt, options, err) && mqtt_set_will(mqtt, options, err);
}

struct mqtt *mqtt_new(const struct mqtt_options *options, const struct mqtt_handler *handler, void *context,
                      struct err *err)
{
    struct mqtt *mqtt = mem_new(1, sizeof *mqtt);
    mqtt->handler = handler;
    mqtt->context = context;
    mqtt->has_user = options->username != NULL;
    mqtt->host = mem_copy_text(options->host);
    mqtt->port = options->port;
    mqtt->keepalive_s = options->keepalive_s;
    mqtt->version5 = options->version5;
    mqtt->session_expiry_s = options->clean ? 0 : options->session_expiry_s;
    mqtt->handle = mosquitto_new(options->client_id, options->clean || !options->client_id, mqtt);
    if (!mqtt->handle) {
        err_set(err, EX_CONFIG, "cannot make an MQTT client with the id '%s': %s",
                options->client_id ? options->client_id : "", strerror(errno));
        mqtt_free(mqtt);
        return NULL;
    }
    if (!mqtt_set_options(mqtt, options, err)) {
        mqtt_free(mqtt);
        return NULL;
    }
    mqtt_set_callbacks(mqtt);
    return mqtt;
}

static int mqtt_connect_call(struct mqtt *mqtt)
{
    if (!mqtt->version5)
        return mosquitto_connect(mqtt->handle, mqtt->host, mqtt->port, mqtt->keepalive_s);
    mosquitto_property *properties = NULL;
    uint32_t expiry_s = mqtt->session_expiry_s > UINT32_MAX ? UINT32_MAX : (uint32_t)mqtt->session_expiry_s;
    int code = MOSQ_ERR_SUCCESS;
    if (expiry_s)
        code = mosquitto_property_add_int32(&properties, MQTT_PROP_SESSION_EXPIRY_INTERVAL, expiry_s);
    if (code == MOSQ_ERR_SUCCESS)
        code = mosquitto_connect_bind_v5(mqtt->handle, mqtt->host, mqtt->port, mqtt->keepalive_s, NULL,
                                         properties);
    int number = errno;
    mosquitto_property_free_all(&properties);
    errno = number;
    return code;
}

bool mqtt_connect(struct mqtt *mqtt, struct err *err)
{
    errno = 0;
    int code = mqtt_connect_call(mqtt);
    int number = errno;
    if (code == MOSQ_ERR_SUCCESS)
        return true;
    if (code == MOSQ_ERR_EAI)
        mqtt_blame(mqtt, CAUSE_NAME_UNKNOWN, "cannot find the host '%s'", mqtt->host);
    else if (code == MOSQ_ERR_ERRNO && number == ECONNREFUSED)
        mqtt_blame(mqtt, CAUSE_NOTHING_LISTENS, "nothing listens at %s:%d", mqtt->host, mqtt->port);
    else if (code == MOSQ_ERR_ERRNO)
        mqtt_blame(mqtt, CAUSE_UNREACHABLE, "cannot reach %s:%d: %s", mqtt->host, mqtt->port,
                   strerror(number));
    else if (code == MOSQ_ERR_TLS || *mqtt->log_text)
        mqtt_blame_tls(mqtt, true);
    else
        mqtt_blame(mqtt, CAUSE_OTHER, "cannot connect to %s:%d: %s", mqtt->host, mqtt->port,
                   mosquitto_strerror(code));
    return err_set(err, EX_UNAVAILABLE, "%s", mqtt->reason);
}

void mqtt_free(struct mqtt *mqtt)
{
    if (!mqtt)
        return;
    if (mqtt->handle)
        mosquitto_destroy(mqtt->handle);
    for (size_t i = 0; i < mqtt->waiting_count; i++)
        free(mqtt->waiting[i].filter);
    free(mqtt->waiting);
    free(mqtt->host);
    free(mqtt);
}
