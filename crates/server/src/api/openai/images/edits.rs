//! What edits and variations are given: pictures and masks, in a form or as references in JSON.

use axum::extract::{FromRequest, Request};
use fakeai_media::{MediaError, Picture, image_size};
use fakeai_store::{MOST_READ_BYTES, content_id};
use http::header;
use serde_json::{Map, Value};

use super::family::Family;
use crate::api::openai::fields::Fields;
use crate::api::openai::files::File;
use crate::api::openai::media::data_url;
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::{JsonBody, Part, PartsBody, broken};

/// Most pictures of a request, and most bytes of one.
const MOST_PICTURES: usize = 16;
const MOST_BYTES: usize = 50 << 20;
/// Most bytes of a picture or mask for `dall-e-2`.
const MOST_BYTES_DALLE: usize = 4 << 20;

/// Files as they came.
#[derive(Debug, Default)]
pub(super) struct Files {
    pub pictures: Vec<Vec<u8>>,
    pub mask: Option<Vec<u8>>,
}

/// Decoded.
#[derive(Debug, Default)]
pub(super) struct Inputs {
    pub pictures: Vec<Picture>,
    pub mask: Option<Picture>,
}

impl Inputs {
    /// Tells inputs apart.
    pub(super) fn fingerprint(&self) -> u64 {
        self.pictures.iter().chain(&self.mask).fold(0, |hash, picture| {
            hash.rotate_left(9) ^ xxhash_rust::xxh3::xxh3_64(&picture.rgba) ^ u64::from(picture.width)
        })
    }

    pub(super) fn sizes(&self) -> Vec<(u32, u32)> {
        self.pictures.iter().map(|picture| (picture.width, picture.height)).collect()
    }
}

/// Takes in a form, or JSON where that is allowed.
pub(super) async fn take_in(request: Request, allows_json: bool) -> Result<(Context, Fields, Files), ApiError> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if allows_json && !kind.starts_with("multipart/") && kind.contains("json") {
        let JsonBody(context, map) = JsonBody::<Map<String, Value>>::from_request(request, &()).await?;
        let files = references(&context, &map).await.map_err(|error| context.validation(error))?;
        return Ok((context, Fields::json(map), files));
    }
    let PartsBody(context, mut parts) = PartsBody::from_request(request, &()).await?;
    let (mut pairs, mut files) = (Vec::new(), Files::default());
    let mut all = 0;
    while let Some(part) = parts.next().await.map_err(|error| context.validation(error))? {
        match part {
            Part::Text(name, _) if matches!(name.as_str(), "image" | "image[]" | "mask") => {
                let message = format!("Invalid type for '{name}': expected a file, but got a string instead.");
                return Err(context.validation(ApiError::invalid(message).param(name).code("invalid_type")));
            }
            Part::Text(name, text) => pairs.push((name, text)),
            Part::File(name, _, mut content) => {
                let mut bytes = Vec::new();
                while let Some(chunk) = content.chunk().await.map_err(broken)? {
                    bytes.extend_from_slice(&chunk);
                    all += chunk.len();
                    if bytes.len() > MOST_BYTES || all as u64 > context.app().settings.body_limit(context.path()) {
                        let message = format!("Invalid file '{name}': the maximum size is 50 MB.");
                        return Err(context.validation(ApiError::invalid(message).param(name).code("file_too_large")));
                    }
                }
                context.note().bytes_in = all as u64;
                match name.as_str() {
                    "mask" => files.mask = Some(bytes),
                    "image" | "image[]" => files.pictures.push(bytes),
                    _ => {}
                }
            }
        }
    }
    Ok((context, Fields::form(pairs), files))
}

/// The pictures that JSON refers to: data URLs and files. Nothing is fetched.
async fn references(context: &Context, map: &Map<String, Value>) -> Result<Files, ApiError> {
    let images = match map.get("images") {
        Some(Value::Array(images)) if !images.is_empty() => images,
        Some(Value::Array(_)) | None => return Err(ApiError::missing("images")),
        Some(_) => {
            return Err(ApiError::invalid("Invalid type for 'images': expected an array of objects.")
                .param("images")
                .code("invalid_type"));
        }
    };
    if images.len() > MOST_PICTURES {
        return Err(ApiError::too_many("images", MOST_PICTURES, images.len()));
    }
    let mut files = Files::default();
    for (place, image) in images.iter().enumerate() {
        files.pictures.push(reference(context, image, &format!("images[{place}]")).await?);
    }
    if let Some(mask) = map.get("mask").filter(|mask| !mask.is_null()) {
        files.mask = Some(reference(context, mask, "mask").await?);
    }
    Ok(files)
}

async fn reference(context: &Context, image: &Value, param: &str) -> Result<Vec<u8>, ApiError> {
    match (image["image_url"].as_str(), image["file_id"].as_str()) {
        (Some(url), None) => match data_url(url) {
            Some(Ok(bytes)) => Ok(bytes),
            Some(Err(_)) => Err(ApiError::invalid("Invalid base64 image_url.")
                .param(format!("{param}.image_url"))
                .code("invalid_image_url")),
            None => {
                Err(ApiError::invalid("This server fetches no URLs: send the image as a base64 data URL or as a file.")
                    .param(format!("{param}.image_url"))
                    .code("invalid_image_url"))
            }
        },
        (None, Some(id)) => {
            File::find(context, id).await?;
            let (space, content) = (context.workspace().space(), content_id("file", id));
            let mut bytes = Vec::new();
            while let Some(part) =
                space.home().read(space.name(), &content, bytes.len() as u64, MOST_READ_BYTES).await?
            {
                if part.is_empty() || bytes.len() > MOST_BYTES {
                    break;
                }
                bytes.extend_from_slice(&part);
            }
            Ok(bytes)
        }
        _ => Err(ApiError::invalid("Provide exactly one of 'image_url' and 'file_id'.")
            .param(param)
            .code("invalid_value")),
    }
}

/// Decodes and checks what a family takes.
pub(super) async fn decode(context: &Context, family: Family, files: Files, is_edit: bool) -> Result<Inputs, ApiError> {
    let work = move || check(family, &files, is_edit);
    context.app().kit.tasks.compute(work).await.unwrap_or_else(|| Err(ApiError::internal()))
}

fn check(family: Family, files: &Files, is_edit: bool) -> Result<Inputs, ApiError> {
    let is_dalle = family == Family::Dalle2;
    if files.pictures.is_empty() {
        return Err(ApiError::missing("image"));
    }
    let most = if is_dalle { 1 } else { MOST_PICTURES };
    if files.pictures.len() > most {
        return Err(ApiError::too_many("image", most, files.pictures.len()));
    }
    let mut inputs = Inputs::default();
    for (place, bytes) in files.pictures.iter().enumerate() {
        inputs.pictures.push(picture(bytes, is_dalle, place + 1)?);
    }
    let first = &inputs.pictures[0];
    if is_dalle && first.width != first.height {
        return Err(ApiError::invalid("Uploaded image must be square.").param("image").code("invalid_image"));
    }
    if let Some(bytes) = &files.mask {
        inputs.mask = Some(mask(bytes, (first.width, first.height))?);
    } else if is_dalle && is_edit && first.is_opaque() {
        let message = "Invalid input image - format must be in ['RGBA', 'LA', 'L'], got RGB.";
        return Err(ApiError::invalid(message).param("image").code("invalid_image_format"));
    }
    Ok(inputs)
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

fn picture(bytes: &[u8], is_dalle: bool, place: usize) -> Result<Picture, ApiError> {
    if is_dalle && (bytes.len() > MOST_BYTES_DALLE || !bytes.starts_with(PNG)) {
        return Err(ApiError::invalid("Uploaded image must be a PNG and less than 4 MB.")
            .param("image")
            .code("invalid_image"));
    }
    if image_size(bytes).is_none() {
        let message = "Invalid file 'image': unsupported mimetype ('application/octet-stream'). Supported file formats are \
                       'image/jpeg', 'image/png', and 'image/webp'.";
        return Err(ApiError::invalid(message).param("image").code("unsupported_file_mimetype"));
    }
    Picture::decode(bytes).map_err(|error| match error {
        MediaError::TooLarge { .. } => ApiError::invalid("Invalid file 'image': the image has too many pixels.")
            .param("image")
            .code("image_too_large"),
        _ => ApiError::invalid(format!("Invalid image file or mode for image {place}, please check your image file."))
            .param("image")
            .code("invalid_image_file"),
    })
}

fn mask(bytes: &[u8], size: (u32, u32)) -> Result<Picture, ApiError> {
    let wrong =
        |why: &str| ApiError::invalid(format!("Invalid mask image format - {why}")).param("mask").code("invalid_mask");
    if bytes.len() > MOST_BYTES_DALLE || !bytes.starts_with(PNG) {
        return Err(wrong("mask must be a PNG and less than 4 MB"));
    }
    if image_size(bytes).is_some_and(|own| own != size) {
        return Err(wrong("mask size does not match image size"));
    }
    let mask = Picture::decode(bytes).map_err(|_| wrong("mask image cannot be decoded"))?;
    if mask.is_opaque() {
        return Err(wrong("mask image missing alpha channel"));
    }
    Ok(mask)
}
