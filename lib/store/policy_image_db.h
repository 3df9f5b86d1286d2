/* tlswarden: store/policy_image_db - the inside of an image, for lib/store.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef STORE_POLICY_IMAGE_DB_H
#define STORE_POLICY_IMAGE_DB_H

#include "store/db.h"
#include "store/policy_image.h"

/* The database that the image is read through; valid as long as the image. */
struct store *policy_image_store(struct policy_image *image);

#endif
