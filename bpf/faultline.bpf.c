/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The one source of both loaders: compiled at build time for CO-RE, on the host by bcc. */
#include "programs.h"
