"""How fast what is overdue goes out."""

from datetime import timedelta

from marketmind_scheduler.domain.post import Platform

PACES = {
    platform: timedelta(minutes=10) if platform is Platform.REDDIT else timedelta(seconds=30) for platform in Platform
}
"""How far apart a brand's overdue posts on a platform go out, after downtime or a pause."""
