"""What the web server serves."""

from __future__ import annotations

import os
import warnings

from django.core.asgi import get_asgi_application

# WhiteNoise hands over files as plain iterators; Django reads them whole, which is right for our few kilobytes.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vivavoce.desk.settings")
application = get_asgi_application()
