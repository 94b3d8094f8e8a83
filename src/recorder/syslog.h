/* Notices for the system's log, wherever the recorder's own goes. Never waits. */
#ifndef RECORDER_SYSLOG_H
#define RECORDER_SYSLOG_H

/* Gives one line to syslog (authpriv.notice) by a datagram to $HMI_SYSLOG, else /dev/log. 0, or the errno of why it was
 * not taken: there is none, or it hangs and its queue is full. */
int syslog_notice(const char *words);

#endif
