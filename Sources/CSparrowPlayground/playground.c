// The page is put together here, from parts that each fit on a few screens.

#include "CSparrowPlayground.h"

static const uint8_t page[] = {
#embed "page/start.html"
#embed "page/page.css" prefix(, )
#embed "page/body.html" prefix(, )
#embed "page/server.js" prefix(, )
#embed "page/map.js" prefix(, )
#embed "page/answer.js" prefix(, )
#embed "page/settings.js" prefix(, )
#embed "page/main.js" prefix(, )
#embed "page/end.html" prefix(, )
};

const uint8_t *sparrow_playground(size_t *length) {
  *length = sizeof page;
  return page;
}
