//! The results of each vertical, in plain text. Their JSON names are Naver's.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Declares a result type: every field is a string that Naver may leave out, then it is empty.
macro_rules! item {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident = $json:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$field_meta])* #[serde(default, rename = $json)] pub $field: String,)*
        }
    };
}

item! {
    /// A web page, a question (kin) or an academic document (doc).
    WebResult {
        /// Title.
        title = "title",
        /// Address of the page.
        link = "link",
        /// Passage around the match.
        description = "description",
    }
}

item! {
    /// A blog post.
    BlogPost {
        /// Title.
        title = "title",
        /// Address of the post.
        link = "link",
        /// Passage around the match.
        description = "description",
        /// Name of the blog.
        blogger_name = "bloggername",
        /// Address of the blog.
        blogger_link = "bloggerlink",
        /// Day of posting, `YYYYMMDD`.
        post_date = "postdate",
    }
}

item! {
    /// A news article.
    NewsArticle {
        /// Title.
        title = "title",
        /// Address at the publisher.
        original_link = "originallink",
        /// Address at Naver News, or at the publisher where Naver has no copy.
        link = "link",
        /// Passage around the match.
        description = "description",
        /// Time of publication in the form of RFC 822.
        pub_date = "pubDate",
    }
}

item! {
    /// A post in a café.
    CafeArticle {
        /// Title.
        title = "title",
        /// Address of the post.
        link = "link",
        /// Passage around the match.
        description = "description",
        /// Name of the café.
        cafe_name = "cafename",
        /// Address of the café.
        cafe_url = "cafeurl",
    }
}

item! {
    /// An entry of an encyclopedia.
    EncycEntry {
        /// Headword.
        title = "title",
        /// Address of the entry.
        link = "link",
        /// Passage of the entry.
        description = "description",
        /// Address of a small picture.
        thumbnail = "thumbnail",
    }
}

item! {
    /// A book.
    BookResult {
        /// Title.
        title = "title",
        /// Address of the book's page.
        link = "link",
        /// Address of the cover.
        image = "image",
        /// Authors, separated by `^`.
        author = "author",
        /// Selling price in won.
        discount = "discount",
        /// Publisher.
        publisher = "publisher",
        /// Day of publication, `YYYYMMDD`.
        pub_date = "pubdate",
        /// ISBN.
        isbn = "isbn",
        /// About the book.
        description = "description",
    }
}

item! {
    /// An image.
    ImageResult {
        /// Title of the page it is on.
        title = "title",
        /// Address of the image.
        link = "link",
        /// Address of a small version.
        thumbnail = "thumbnail",
        /// Height in pixels.
        size_height = "sizeheight",
        /// Width in pixels.
        size_width = "sizewidth",
    }
}

item! {
    /// A thing on sale.
    ShopItem {
        /// Name.
        title = "title",
        /// Address of the offer.
        link = "link",
        /// Address of a picture.
        image = "image",
        /// Lowest price in won.
        low_price = "lprice",
        /// Highest price in won; empty where there are no prices to compare.
        high_price = "hprice",
        /// Name of the shop.
        mall_name = "mallName",
        /// Naver's id of it.
        product_id = "productId",
        /// Kind of product and of price comparison, `1` to `12`.
        product_type = "productType",
        /// Brand.
        brand = "brand",
        /// Maker.
        maker = "maker",
        /// Category.
        category1 = "category1",
        /// Category within the first.
        category2 = "category2",
        /// Category within the second.
        category3 = "category3",
        /// Category within the third.
        category4 = "category4",
    }
}

item! {
    /// A place or business.
    LocalPlace {
        /// Name.
        title = "title",
        /// Its own page.
        link = "link",
        /// Kind of business.
        category = "category",
        /// About it.
        description = "description",
        /// Telephone; Naver leaves it empty.
        telephone = "telephone",
        /// Address by lot number.
        address = "address",
        /// Address by street.
        road_address = "roadAddress",
        /// Longitude (WGS 84) times 10⁷.
        map_x = "mapx",
        /// Latitude (WGS 84) times 10⁷.
        map_y = "mapy",
    }
}
